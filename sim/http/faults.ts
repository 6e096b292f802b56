// Faults that can be switched on and off while the embedded cloud runs, by service and action.
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Chance } from "../chance.ts";
import { AwsFault, type AwsCall, type Service } from "./service.ts";
import { rowOf, type ServiceName } from "./protocols.ts";

/** What may go wrong with a call; numbers without a unit are probabilities (0..1). */
interface FaultRates {
  /** Added before the call is applied: milliseconds, or [least, most]. */
  readonly latencyMs: number | readonly [number, number];
  /** Refused with the service's own throttling error. */
  readonly throttled: number;
  /** The connection ends before the call was applied. */
  readonly lostBefore: number;
  /** The call was applied, but the connection ends before the reply. */
  readonly lostAfter: number;
  /** SQS ReceiveMessage: nothing, though there are messages. */
  readonly falseEmpty: number;
  /** SQS ReceiveMessage with a short poll: only some of the messages. */
  readonly partial: number;
  /** SQS ReceiveMessage: a message, drawn one by one, is delivered once more. Lambda Invoke: so is an event that nobody waits for. */
  readonly duplicate: number;
  /** DynamoDB Query and Scan of an index: as it was up to five seconds ago. */
  readonly staleIndex: number;
  /** DynamoDB batches: an entry, drawn one by one, is handed back as unprocessed (never all of them). */
  readonly unprocessed: number;
  /** DynamoDB TransactWriteItems: an entry, drawn one by one, cancels all, with this code. */
  readonly cancelled: number;
  readonly cancelledBy: Cancellation;
  /** Calls that list: no page has more entries than this, whatever was asked for. No probability. */
  readonly pageMost: number;
}

/** Why an entry of a transaction may not go now (DynamoDB API Reference, TransactWriteItems, "TransactionCanceledException"). */
export type Cancellation = "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded";

export interface Faults {
  /** Sets the rates of a service and action ("*" = all), replacing what was set for exactly these. */
  set(service: ServiceName | "*", action: string, rates: Partial<FaultRates>): void;
  /** Switches everything off. */
  heal(): void;
  /** The rates in force; what is set more precisely wins, rate by rate. */
  rates(service: ServiceName, action: string): Partial<FaultRates>;
}

/** What the services stand on: one time, one chance, one set of faults, one account and region. */
export interface ServiceContext {
  readonly clock: Clock;
  readonly chance: Chance;
  /** The same object the front door has. */
  readonly faults: Faults;
  readonly region: string;
  readonly account: string;
}
/** For those that no fault of their own strikes. */
export type Placed = Pick<ServiceContext, "clock" | "region" | "account">;

export function openFaults(): Faults {
  const set = new Map<string, Partial<FaultRates>>();
  const none: Partial<FaultRates> = {};
  return {
    set: (service, action, rates) => void set.set(`${service}/${action}`, rates),
    heal: () => set.clear(),
    rates: (service, action) =>
      set.size === 0
        ? none
        : {
            ...set.get("*/*"),
            ...set.get(`*/${action}`),
            ...set.get(`${service}/*`),
            ...set.get(`${service}/${action}`),
          },
  };
}

/** The connection ended without a reply: the caller cannot know whether its call was applied. */
export class ConnectionLost extends Error {
  readonly applied: boolean;
  constructor(applied: boolean) {
    super(`connection lost ${applied ? "after" : "before"} the call was applied`);
    this.name = "ConnectionLost";
    this.applied = applied;
  }
}

/** A service may always answer with fewer than were asked for, and a token for the rest. */
function inPages(call: AwsCall, most: number): AwsCall {
  const name = rowOf(call.service).page;
  if (name === undefined) throw new Error(`${call.service} has no pages`);
  const length = Math.min(most, Number(call.input[name] ?? most));
  return { ...call, input: { ...call.input, [name]: length } };
}

/** The service with the switched faults around it. Throws ConnectionLost where a connection would have ended. */
export function withFaults(service: Service, faults: Faults, clock: Clock, chance: Chance): Service {
  const streams = new Map<string, Chance>();
  const streamOf = (call: AwsCall): Chance => {
    const name = `${call.service}/${call.action}`;
    const stream = streams.get(name) ?? chance.fork(name);
    streams.set(name, stream);
    return stream;
  };
  return async (call) => {
    const rates = faults.rates(call.service, call.action);
    if (Object.keys(rates).length === 0) return service(call);
    const stream = streamOf(call);
    const asked = rates.pageMost === undefined ? call : inPages(call, rates.pageMost);
    const latency = rates.latencyMs ?? 0;
    const wait = typeof latency === "number" ? latency : stream.between(...latency);
    if (wait > 0) await clock.sleep(wait);
    if (stream.happens(rates.throttled ?? 0)) throw new AwsFault(...rowOf(call.service).throttled);
    if (stream.happens(rates.lostBefore ?? 0)) throw new ConnectionLost(false);
    const lost = stream.happens(rates.lostAfter ?? 0);
    try {
      return await service(asked);
    } finally {
      // eslint-disable-next-line no-unsafe-finally -- a refusal is lost with the connection, too
      if (lost) throw new ConnectionLost(true);
    }
  };
}
