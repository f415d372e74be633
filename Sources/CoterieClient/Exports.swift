// What a program that imports CoterieClient alone can name: the words of its own interface, not the modules behind
// them.

@_exported import struct CoterieClientMachine.ClientSettings
@_exported import struct CoteriePrimitives.Epoch
@_exported import struct CoteriePrimitives.MemberNumber
@_exported import struct CoteriePrimitives.TimeSpan
@_exported import struct CoteriePrimitives.WallTime
@_exported import struct CoterieRing.Endpoint
@_exported import struct CoterieRing.Layout
@_exported import struct CoterieRing.Member
@_exported import enum CoterieRing.Quorum
@_exported import CoterieTypes
@_exported import struct CoterieWire.AskedQuorum
@_exported import enum CoterieWire.Condition
@_exported import struct CoterieWire.Limits
@_exported import struct CoterieWire.Receipt
@_exported import struct CoterieWire.RequestOptions
@_exported import struct CoterieWire.Responder
@_exported import struct NIOCore.ByteBuffer
