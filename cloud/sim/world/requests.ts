// What runs have asked for, as the world keeps it, and the port `SavedRequests` on it.
import type { Request } from "../../../domain/request.ts";
import { OutOfReach, type SavedRequests } from "../../ports.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

/** By run, by provision id. */
export type KeptRequests = Map<string, Map<string, Request>>;

const outOfReach = (problem: string): never => {
  throw new OutOfReach(problem);
};

export const requestsPort = ({ requests }: State, process: Process): SavedRequests => ({
  save: (request) =>
    process.call({
      what: "requests.save",
      kind: "write",
      apply: () => {
        const ofRun = requests.get(request.runId) ?? new Map<string, Request>();
        requests.set(request.runId, ofRun.set(request.provisionId, request));
      },
      lost: outOfReach,
    }),
  ofRun: (runId) =>
    process.call({
      what: "requests.ofRun",
      kind: "read",
      apply: () => [...(requests.get(runId)?.values() ?? [])],
      lost: outOfReach,
    }),
});
