// SDK clients without what costs time in every call and serves nobody here.

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
