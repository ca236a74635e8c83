import { connect, createServer } from "node:net";

/**
 * Stands in front of a server as a network does: all that passes arrives `delayMs` later.
 * @returns the endpoint to use instead, and what closes it
 */
export function far(endpoint, delayMs) {
  const { hostname, port } = new URL(endpoint);
  const sockets = new Set();
  const server = createServer({ noDelay: true }, (near) => {
    const there = connect({ host: hostname, port: Number(port), noDelay: true });
    for (const [from, to] of [
      [near, there],
      [there, near],
    ]) {
      sockets.add(from);
      from.on("data", (chunk) => setTimeout(() => to.destroyed || to.write(chunk), delayMs));
      from.on("close", () => setTimeout(() => to.destroy(), delayMs));
      from.on("error", () => to.destroy());
    }
  });
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () =>
      resolve({ endpoint: `http://127.0.0.1:${server.address().port}`, close }),
    );
  });
}
