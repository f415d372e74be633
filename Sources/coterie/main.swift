// The binary: all of it is in CoterieCommandLine.

import CoterieCommandLine

await CoterieCommand.runToExit()
