// Ports whose making is put off until one of their methods is called: what they are made of is not read before the first call to AWS.
import type { Pool, SavedRequests } from "../cloud/ports.ts";

/** Calls `make` once, when first needed; a failure is not remembered. */
export function lazily<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

export const latePool = (made: () => Promise<Pool>): Pool => ({
  receive: async (resourceClass, most) => (await made()).receive(resourceClass, most),
  send: async (messages) => (await made()).send(messages),
  giveBack: async (resourceClass, receipts) => (await made()).giveBack(resourceClass, receipts),
  drop: async (resourceClass, receipts) => (await made()).drop(resourceClass, receipts),
  depth: async (resourceClass, of) => (await made()).depth(resourceClass, of),
  setAside: async (resourceClass, message) => (await made()).setAside(resourceClass, message),
});

export const lateRequests = (made: () => Promise<SavedRequests>): SavedRequests => ({
  begin: async (name, begun) => (await made()).begin(name, begun),
  finish: async (name) => (await made()).finish(name),
  save: async (request, at, outcome) => (await made()).save(request, at, outcome),
  ofRun: async (runId) => (await made()).ofRun(runId),
  came: async (runId, outcome) => (await made()).came(runId, outcome),
  end: async (runId, ending) => (await made()).end(runId, ending),
  untold: async () => (await made()).untold(),
  repositories: async (since) => (await made()).repositories(since),
  tell: async (until) => (await made()).tell(until),
});
