// The picture of a key as a graph for Graphviz: `coterie explain … --dot | dot -Tsvg > key.svg`.

import CoterieHTTP

/// The text of a `digraph`.
enum PictureDOT {
    static func lines(_ picture: KeyPicture) -> [String] {
        var lines = ["digraph key {", "  rankdir=LR;", "  node [fontname=\"monospace\"];"]
        let name = KeyName(type: picture.bucketType, bucket: picture.bucket, key: picture.key).text
        lines.append("  label=\(quoted("\(name) (\(picture.datatype))"));")
        for replica in picture.replicas {
            let text = replica.trouble ?? replica.value?.line ?? "nothing live"
            let style = replica.trouble == nil ? "solid" : "dashed"
            lines.append(
                "  \(quoted(replica.node)) [shape=box, style=\(style), label=\(quoted("\(replica.node)\n\(text)"))];")
        }
        for event in picture.events {
            let text = [event.label, event.says, event.written].compactMap { $0 }.joined(separator: "\n")
            let look = event.isLive ? "style=filled, fillcolor=palegreen" : "style=dashed"
            lines.append("  \(quoted(event.label)) [\(look), label=\(quoted(text))];")
        }
        for event in picture.events {
            for (replica, standing) in zip(picture.replicas, event.standings) where standing == .live {
                lines.append("  \(quoted(replica.node)) -> \(quoted(event.label)) [style=dotted, dir=none];")
            }
        }
        for edge in picture.edges {
            let (label, style) =
                switch edge.ground {
                case .remembered: ("replaced", "solid")
                case .inferred: ("replaced?", "dashed")
                case .outshines: ("hides", "solid")
                }
            lines.append(
                "  \(quoted(picture.label(edge.from))) -> \(quoted(picture.label(edge.to))) "
                    + "[label=\(quoted(label)), style=\(style)];")
        }
        return lines + ["}"]
    }

    /// A string as DOT writes it; line ends within it are kept as `\n`.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
