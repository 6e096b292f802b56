// One loopback HTTP server for all AWS services of the embedded cloud, as SDKs and the AWS CLI speak to them.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Clock } from "../../cloud/ports/clock.ts";
import { uuidOf, type Chance } from "../chance.ts";
import { openCallCounter, type CallCounter, type CallCounts } from "./call-counts.ts";
import { ConnectionLost, openFaults, withFaults, type Faults } from "./faults.ts";
import { closeServer, listen } from "./listen.ts";
import { AwsFault, type Service } from "./service.ts";
import type { ServiceName } from "./protocols.ts";
import { decode, encodeFault, encodeOutput, routeOf, unknownAction, type Arrival, type Reply } from "./wire.ts";

export interface FrontDoor {
  /** What AWS_ENDPOINT_URL is to say: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Calls that arrived, by service by action. */
  calls(): CallCounts;
  resetCalls(): void;
  readonly faults: Faults;
  /** Ends the server and every open connection; calls under way are given up. */
  close(): Promise<void>;
}

export interface FrontDoorOptions {
  readonly services: Partial<Record<ServiceName, Service>>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly faults?: Faults;
}

/** The largest real request is DynamoDB's batch of 16 MB. */
const bodyMostBytes = 17 * 1024 * 1024;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyMostBytes) throw new AwsFault("RequestEntityTooLarge", "Request size exceeded", 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** AWS answers what no service claims with this (seen at its JSON endpoints). */
const nobody: Reply = { status: 404, headers: { "content-type": "text/xml" }, body: "<UnknownOperationException/>\n" };

/** Answers one arrival; throws ConnectionLost where the connection is to end instead. */
async function answer(
  arrival: Arrival,
  services: ReadonlyMap<ServiceName, Service>,
  requestId: string,
  extra: { readonly origin: string; readonly gone: AbortSignal; readonly note: CallCounter["note"] },
): Promise<Reply> {
  const route = routeOf(arrival);
  if (!route) return nobody;
  const { note, ...more } = extra;
  note(route.service, route.action);
  try {
    const call = { ...decode(arrival, route), ...more };
    const service = services.get(route.service);
    if (!service) throw unknownAction(route.service, route.action);
    return encodeOutput(call, await service(call), requestId);
  } catch (fault) {
    if (fault instanceof ConnectionLost) throw fault;
    const refusal = fault instanceof AwsFault ? fault : new AwsFault("InternalFailure", String(fault), 500);
    return encodeFault(route.service, refusal, requestId);
  }
}

/** Opens the front door on the loopback interface. */
export async function openFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const { clock } = options;
  const chance = options.chance.fork("front-door");
  const faults = options.faults ?? openFaults();
  const counter = openCallCounter();
  const services = new Map<ServiceName, Service>();
  for (const [name, service] of Object.entries(options.services) as [ServiceName, Service][]) {
    services.set(name, withFaults(service, faults, clock, chance.fork("faults")));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = uuidOf(chance);
    const hungUp = new AbortController();
    response.once("close", () => hungUp.abort());
    try {
      const body = await bodyOf(request);
      const arrival = {
        target: header(request, "x-amz-target"),
        authorization: header(request, "authorization"),
        body,
      };
      const origin = `http://${request.headers.host ?? new URL(url).host}`;
      const reply = await answer(arrival, services, requestId, { origin, gone: hungUp.signal, note: counter.note });
      response.writeHead(reply.status, {
        ...reply.headers,
        "content-length": Buffer.byteLength(reply.body),
        "x-amzn-requestid": requestId,
        date: new Date(clock.now()).toUTCString(),
      });
      response.end(reply.body);
    } catch {
      // A lost connection, by fault or by the caller: no reply can be sent on it.
      request.socket.destroy();
    }
  }

  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0, noDelay: true }, (request, response) => {
    void serve(request, response);
  });
  const url = await listen(server);
  return {
    url,
    calls: counter.counts,
    resetCalls: counter.reset,
    faults,
    close: () => closeServer(server),
  };
}
