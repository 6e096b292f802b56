// A proxy before the embedded cloud that counts calls, and does something at a given one: before it arrives, or before its reply does.
import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface CountingProxy {
  readonly url: string;
  /** Calls so far. */
  count(): number;
  /** `call`: the first is 1. What is done may take its time: the call waits for it. */
  at(call: number, phase: "arrives" | "is answered", act: () => void): void;
  close(): Promise<void>;
}

export async function openCountingProxy(target: string): Promise<CountingProxy> {
  let count = 0;
  let plan: { readonly call: number; readonly phase: string; readonly act: () => void } | undefined;
  const due = (call: number, phase: string): void => {
    if (plan?.call === call && plan.phase === phase) plan.act();
  };
  const pass = (incoming: IncomingMessage, reply: ServerResponse): void => {
    const body: Buffer[] = [];
    // A caller that is killed meanwhile has sent its call all the same.
    incoming.on("data", (part: Buffer) => body.push(part)).on("error", () => undefined);
    reply.on("error", () => undefined);
    incoming.on("end", () => {
      const call = ++count;
      due(call, "arrives");
      const { host: _, ...headers } = incoming.headers;
      const onward = send(
        `${target}${incoming.url ?? "/"}`,
        { method: incoming.method ?? "POST", headers },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on("data", (part: Buffer) => parts.push(part));
          answer.on("end", () => {
            due(call, "is answered");
            reply.writeHead(answer.statusCode ?? 500, answer.headers).end(Buffer.concat(parts));
          });
        },
      );
      onward.on("error", () => reply.destroy());
      onward.end(Buffer.concat(body));
    });
  };
  const server = createServer(pass);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: () => count,
    at: (call, phase, act) => {
      plan = { call, phase, act };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
