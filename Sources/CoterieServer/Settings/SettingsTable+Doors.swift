// The rows of sections `transport` (connections of members and native clients) and `http` (the HTTP door).

import CoterieHTTP
import CoteriePrimitives
import CoterieTransport

extension SettingsTable {
    static let transport: [Setting] = [
        .span(
            "transport.reconnectInitial", \.transport.reconnectInitial, .milliseconds(1) ... .seconds(60),
            "The pause before a lost peer is first tried again; it doubles with each failure."),
        .span(
            "transport.reconnectMax", \.transport.reconnectMax, .milliseconds(1) ... .seconds(600),
            "The longest such pause."),
        .span(
            "transport.connectTimeout", \.transport.connectTimeout, .milliseconds(10) ... .seconds(600),
            "How long the operating system may take to connect."),
        .span(
            "transport.helloTimeout", \.transport.helloTimeout, .milliseconds(20) ... .seconds(600),
            "How long the other end of a new connection may take to say who it is."),
        .span(
            "transport.probeTimeout", \.transport.probeTimeout, .milliseconds(10) ... .seconds(300),
            "How long a member may take to show that it lives when another process comes under its number."),
        .span(
            "transport.lingerTimeout", \.transport.lingerTimeout, .milliseconds(1) ... .seconds(600),
            "How long a connection that is being closed may take to send what is left."),
        .size(
            "transport.maxHelloBytes", \.transport.maxHelloBytes, 1 << 10 ... 1 << 20,
            "Bytes of the longest frame before both ends have said who they are."),
        .count(
            "transport.maxInboundConnections", \.transport.maxInboundConnections, 1 ... 1_000_000,
            "Connections of native clients at once."),
        .size(
            "transport.pauseClientBytes", \.transport.pauseClientBytes, 1 << 10 ... 1 << 30,
            "Unsent bytes beyond which nothing more is read from a client that does not read its answers."),
        .size(
            "transport.maxClientBacklogBytes", \.transport.maxClientBacklogBytes, 1 << 10 ... 16 << 30,
            "Unsent bytes beyond which such a client is disconnected."),
        .size(
            "transport.readBytes", \.transport.readBytes, 4 << 10 ... 16 << 20,
            "The largest piece that is read from a connection at once."),
    ]

    static let http: [Setting] = [
        .count(
            "http.maxConnections", \.http.maxConnections, 1 ... 1_000_000,
            "Connections at once; further ones wait to be accepted."),
        .size(
            "http.maxHeaderBytes", \.http.maxHeaderBytes, 1 << 13 ... 16 << 20,
            "Bytes of one header field, and of all headers of a request with its path."),
        .count("http.maxHeaderFields", \.http.maxHeaderFields, 16 ... 100_000, "Header fields of a request."),
        .size(
            "http.maxBodyBytes", \.http.maxBodyBytes, 1 << 20 ... 64 << 30,
            "Bytes that the bodies of all requests in progress may take together."),
        .span(
            "http.idleTimeout", \.http.idleTimeout, .milliseconds(100) ... .seconds(86_400),
            "A connection that sends no whole request head for so long is closed."),
        .span(
            "http.bodyTimeout", \.http.bodyTimeout, .milliseconds(100) ... .seconds(86_400),
            "How long a request's body may take to come."),
        .span(
            "http.lingerTimeout", \.http.lingerTimeout, .milliseconds(1) ... .seconds(600),
            "How long what a client still sends is taken and thrown away behind an answer that ends the connection."),
        .span(
            "http.stopTimeout", \.http.stopTimeout, .zero ... .seconds(3_600),
            "How long requests in progress may take once the node stops."),
    ]
}
