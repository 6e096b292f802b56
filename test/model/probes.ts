// Exemplary worlds: two histories that ask for the same in each of them are taken for one.
import { life } from "../../domain/instance.ts";
import { Decisions, records } from "./records.ts";
import { codeOf, type MoveRequest, type Reply, type Request } from "./requests.ts";

/** The reply to a request of code that was last shown these records; `turn` counts its requests. */
export type Probe = (request: Request, shown: readonly number[], turn: number) => Reply;

const table = new Decisions(life, { beginOnVersion: true, retireOnVersion: true, forwardOnly: true, onSignal: true });

const done = ({ move, call, instance }: MoveRequest, shown: readonly number[]): Reply => {
  const idle = move === "claim" ? records.idle() : 0;
  const before = move === "create" ? 0 : idle === 0 ? (shown[instance] ?? 0) : idle;
  return [0, table.decide(call, before).record];
};

/** Every call is made; what is read is as `change` makes it of what was shown before. */
const granting =
  (change: (id: number) => number, unseen: number, rest: number): Probe =>
  (request, shown, turn) => {
    switch (request.kind) {
      case "move":
        return done(request, shown);
      case "any":
        return [0, ...done(request.moves[0] as MoveRequest, shown)];
      case "read":
        return request.of.map((i) => change(shown[i] ?? unseen));
      case "index":
      case "launch":
        return [1];
      case "end":
        return [];
      case "machines":
        return request.of.flatMap(() => [1, 0, 0]);
      case "runners":
        return request.of.flatMap((i) => [1 << (records.of(shown[i] ?? 0)?.assignment ?? 0), 0]);
      case "named":
      case "remove":
        return [1];
      case "sleep":
        return [turn < rest ? 0 : 1];
    }
  };

const refusing: Probe = (request, shown) => {
  switch (request.kind) {
    case "move":
      return [codeOf("state"), shown[request.instance] ?? 0];
    case "any":
      return [0, codeOf("state"), 0];
    case "read":
      return request.of.map((i) => records.probed(shown[i] ?? records.idle(), "serve"));
    case "index":
    case "launch":
      return [0];
    case "end":
      return [];
    case "machines":
      return request.of.flatMap(() => [3, 0, 0]);
    case "runners":
      return request.of.flatMap(() => [0, 0]);
    case "named":
    case "remove":
      return [0];
    case "sleep":
      return [1];
  }
};

/** All goes well; all has left; nothing is granted, and nothing is heard. */
export const probes: readonly Probe[] = [
  granting((id) => records.probed(id, "serve", "registered"), records.idle(), 4),
  granting((id) => records.probed(id, "leave", "deregistered"), 0, 0),
  refusing,
];
