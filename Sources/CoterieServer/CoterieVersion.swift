/// The program's version, as every door tells it.
public enum CoterieVersion {
    public static let current = "0.1.0"
}
