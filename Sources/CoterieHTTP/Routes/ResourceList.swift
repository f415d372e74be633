// `GET /`: which resources there are, under the names by which Riak's clients look for features. What is not served is
// not listed: clients decide by this list.

import HTTPTypes
import NIOCore

/// The resources by Riak's names.
enum ResourceList {
    static let resources: [(name: String, path: String)] = [
        ("riak_kv_wm_bucket_type", "/types"),
        ("riak_kv_wm_buckets", "/buckets"),
        ("riak_kv_wm_counter", "/buckets"),
        ("riak_kv_wm_crdt", "/types"),
        ("riak_kv_wm_object", "/riak"),
        ("riak_kv_wm_ping", "/ping"),
        ("riak_kv_wm_props", "/buckets"),
        ("riak_kv_wm_raw", "/riak"),
        ("riak_kv_wm_stats", "/stats"),
        ("coterie_admin_explain", "/admin/explain"),
        ("coterie_admin_layout", "/admin/layout"),
        ("coterie_admin_ring", "/admin/ring"),
        ("coterie_admin_status", "/admin/status"),
        ("coterie_cart", "/cart"),
    ]

    /// As JSON, or as a page of links where HTML is named.
    static func answer(_ accept: Accept) -> Answer {
        var answer: Answer
        if accept.namesHTML, !accept.prefersJSON {
            let items = resources.map { "<li><a href=\"\($0.path)\">\($0.name)</a></li>\n" }.joined()
            answer = Answer(
                .ok, text: "<html><body><ul>\n\(items)</ul></body></html>\n", contentType: "text/html; charset=utf-8")
        } else {
            answer = Answer(.ok, json: Dictionary(uniqueKeysWithValues: resources.map { ($0.name, $0.path) }))
        }
        answer.headers[.vary] = "Accept"
        return answer
    }
}
