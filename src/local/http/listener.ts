import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from "node:net";

/** First bytes of every HTTP/2 connection: https://www.rfc-editor.org/rfc/rfc9113#section-3.4 */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** What the requests under way of one HTTP/2 connection may take; a client has one for all, with up to 16 MB each. */
const SESSION_MEGABYTES = 512;

export type Incoming = IncomingMessage | Http2ServerRequest;
export type Outgoing = ServerResponse | Http2ServerResponse;

export interface Listener {
  port: number;
  /** Stops listening and cuts every connection. */
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1 for HTTP/1.1 and for HTTP/2 without TLS (prior knowledge), which the SDK's Kinesis client
 * speaks unless told otherwise. The first bytes of a connection tell which it is.
 * @throws the listen error as it is (EADDRINUSE, EACCES); the caller words it.
 */
export async function listen(
  port: number,
  answer: (incoming: Incoming, outgoing: Outgoing) => void,
): Promise<Listener> {
  const http1 = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0 }, answer);
  const http2 = createHttp2Server({ maxSessionMemory: SESSION_MEGABYTES }, answer);
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  // A client that breaks a connection off is no fault of the engine.
  http2.on("sessionError", () => {});
  // Half-open as the HTTP server's own sockets are: a client may end its side before it has the answer.
  const server = createSocketServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    handOver(socket, (speaksHttp2) => {
      (speaksHttp2 ? http2 : http1).emit("connection", socket);
      // The HTTP/2 session takes what was put back, and the connection itself, on its own.
      if (!speaksHttp2) socket.resume();
    });
  });
  await listening(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Looks at the first bytes, puts them back, and says whether they are the HTTP/2 preface. */
function handOver(socket: Socket, decide: (speaksHttp2: boolean) => void): void {
  const broken = () => socket.destroy();
  socket.on("error", broken);
  let seen: Buffer = Buffer.alloc(0);
  const look = (bytes: Buffer) => {
    seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes]);
    const length = Math.min(seen.length, PREFACE.length);
    const preface = seen.compare(PREFACE, 0, length, 0, length) === 0;
    if (preface && length < PREFACE.length) return;
    socket.off("data", look).off("end", broken).off("error", broken);
    socket.pause();
    socket.unshift(seen);
    decide(preface);
  };
  socket.on("data", look).on("end", broken);
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}
