// SDK clients without what costs time in every call and serves nobody here, and with the moment at which the first call has gone out.
import type { Observable } from "./clock.ts";

interface Stacked {
  readonly middlewareStack: { remove(name: string): boolean };
}

/**
 * The SDK's logger middleware copies every input and output, attribute by attribute and without what its schema calls sensitive, for a
 * log that nobody reads: a tenth of the time of fifty claims.
 */
export function lean<Client extends Stacked>(client: Client): Client {
  client.middlewareStack.remove("loggerMiddleware");
  return client;
}

/** Calls `then` once, as soon as the client's first request is handed to its connection. */
export function onceSent(client: Observable, then: () => void): void {
  let sent = false;
  client.middlewareStack.add(
    (next) => (args) => {
      const reply = next(args);
      if (!sent) then();
      sent = true;
      return reply;
    },
    { step: "deserialize", priority: "low" },
  );
}
