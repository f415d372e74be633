// The table of mutants, as the documentation shows it: mutant, what is broken, the checker made for it, how many seeds it
// took, and who else had found it by then. The mutation suite computes it anew and compares.

enum MutantTable {
    static let text = """
        """
}
