// The real control code as a process of the model: what it does next is known by what it has been answered so far.
import { setImmediate } from "node:timers/promises";
import { replied, type Asked, type Reply, type Request } from "./requests.ts";
import { now } from "./records.ts";
import { probes } from "./probes.ts";

/** One execution of the code: each call of a port is a request that stays open until somebody answers it. */
export class Execution {
  /** By this process's own clock, epoch ms. */
  now = now;
  readonly cancel = new AbortController();
  readonly open: Asked[] = [];
  /** By instance, the record that it was last shown. */
  readonly shown: number[] = [];
  ended: { readonly value: unknown } | undefined;
  #asked = 0;

  async ask(request: Request, wake?: AbortSignal): Promise<Reply> {
    if (wake?.aborted === true) return [];
    const { promise, resolve } = Promise.withResolvers<Reply>();
    const asked = { ordinal: this.#asked++, request, text: JSON.stringify(request), resolve };
    this.open.push(asked);
    wake?.addEventListener("abort", () => this.answer(asked.ordinal, []));
    return await promise;
  }

  answer(ordinal: number, reply: Reply): void {
    const at = this.open.findIndex((asked) => asked.ordinal === ordinal);
    const [asked] = at < 0 ? [] : this.open.splice(at, 1);
    const { request } = asked ?? {};
    if (request?.kind === "read") request.of.forEach((i, place) => (this.shown[i] = reply[place] ?? 0));
    if (request?.kind === "move" && (reply[1] ?? 0) > 0) this.shown[request.instance] = reply[1] as number;
    asked?.resolve(reply);
  }
}

/** Code that a process runs from its beginning. */
export interface Program {
  readonly name: string;
  readonly run: (execution: Execution) => Promise<unknown>;
  /** None of its pauses is a long one: it never runs out of time. */
  readonly patient?: boolean;
}

/** To which request (`cancelled`: to none, it is asked to stop) came which reply. */
type Event = readonly [ordinal: number, reply: Reply];
export const cancelled = -1;

/** How the processes of one kind begin, and what follows an end and a crash. */
export interface Life {
  readonly start: readonly Program[];
  readonly afterEnd: (value: unknown) => readonly Program[];
  readonly afterCrash: readonly Program[];
  readonly cancellable: boolean;
}

export interface Step {
  /** Where the code stands that has asked: behind pauses, if it was resting. */
  readonly at: Place;
  readonly ordinal: number;
  /** None where the code ends behind its pauses. */
  readonly request: Request | undefined;
  /** The same step after a short pause, where this one comes after a long one: it is taken where that would have led to nothing new. */
  readonly sooner?: Step;
}

/** Where a process stands. */
export interface Place {
  readonly id: number;
  readonly process: Code;
  readonly program: Program;
  readonly history: readonly Event[];
  readonly open: readonly Asked[];
  readonly after: Map<string | number, Place>;
  /** Other histories that have led here, for the check that all of them go on alike. */
  readonly twins: Event[][];
  steps: readonly Step[] | undefined;
}

const places: Place[] = [];
export const placeOf = (id: number): Place => places[id] as Place;

/** Whether in all that follows other histories that have led to a place are compared with its own, and how many were. */
export const comparison = { on: false, made: 0 };

/** Asked for, and not known yet. */
const lacking: (() => Promise<unknown>)[] = [];

/** Finds out what was lacking in the steps since the last call; undefined where nothing was. */
export function fill(): Promise<void> | undefined {
  if (lacking.length === 0) return undefined;
  return (async () => {
    for (const compute of lacking.splice(0)) await compute();
  })();
}

async function execute({ run }: Program, history: readonly Event[]): Promise<Execution> {
  const execution = new Execution();
  const rest = (): Promise<void> => setImmediate(undefined);
  run(execution).then(
    (value) => (execution.ended = { value }),
    (error: unknown) => (execution.ended = { value: error instanceof Error ? error : new Error(String(error)) }),
  );
  await rest();
  for (const [ordinal, reply] of history) {
    if (ordinal === cancelled) execution.cancel.abort();
    else execution.answer(ordinal, reply);
    await rest();
  }
  if (execution.ended?.value instanceof Error) throw execution.ended.value;
  return execution;
}

/** Of a reply to one of the requests of a place: numbers where that is cheap. */
const nameOf = (ordinal: number, reply: Reply): string | number =>
  reply.length > 2
    ? `${ordinal}:${reply.join(",")}`
    : ((ordinal + 1) * 65_536 + (reply[0] ?? 0)) * 65_536 + (reply[1] ?? 0);

const byText = (one: Asked, other: Asked): number => (one.text < other.text ? -1 : one.text > other.text ? 1 : 0);
const textOf = (open: readonly Asked[]): string => open.map(({ text }) => text).join("\n");

export class Code {
  readonly life: Life;
  readonly #byBehaviour = new Map<string, Place>();
  readonly #starts = new Map<string, Place>();
  readonly over: Place;
  readonly start: Place;
  readonly crashed: Place;

  constructor(life: Life) {
    this.life = life;
    this.over = this.#begin([]);
    this.start = this.#begin(life.start);
    this.crashed = this.#begin(life.afterCrash);
  }

  #place(program: Program, history: readonly Event[], open: readonly Asked[]): Place {
    const place: Place = {
      id: places.length,
      process: this,
      program,
      history,
      open,
      after: new Map(),
      twins: [],
      steps: undefined,
    };
    places.push(place);
    return place;
  }

  /** Where it may begin any of these. */
  #begin(programs: readonly Program[]): Place {
    const name = programs.map((one) => one.name).join("\n");
    const known = this.#starts.get(name);
    if (known !== undefined) return known;
    const start = this.#place({ name, run: async () => undefined }, [], []);
    this.#starts.set(name, start);
    if (programs.length === 0) start.steps = [];
    else
      lacking.push(async () => {
        const steps: Step[] = [];
        for (const program of programs) steps.push(...(await this.#steps(await this.#at(program, []))));
        start.steps = steps;
      });
    return start;
  }

  /** Where a history leads: to a place known already where the code goes on in the very same way. */
  async #at(program: Program, history: readonly Event[]): Promise<Place> {
    const execution = await execute(program, history);
    if (execution.ended !== undefined) return this.#begin(this.life.afterEnd(execution.ended.value));
    const open = execution.open.toSorted(byText);
    const behaviour = await this.#behaviour(program, history, open, execution);
    let place = this.#byBehaviour.get(behaviour);
    if (place === undefined) {
      place = this.#place(program, history, open);
      this.#byBehaviour.set(behaviour, place);
    } else if (place.twins.length < 2) place.twins.push([...history]);
    return place;
  }

  /** What it asks for now, and then, whatever comes, in a few exemplary ways to its end. */
  async #behaviour(
    program: Program,
    history: readonly Event[],
    open: readonly Asked[],
    begun: Execution,
  ): Promise<string> {
    const lines = [program.name, textOf(open)];
    let execution = begun;
    for (const [index, reply] of probes.entries()) {
      if (index > 0) execution = await execute(program, history);
      for (let turn = 0; turn < 30 && execution.ended === undefined; turn++) {
        const asked = execution.open.toSorted(byText);
        const next = asked.find(({ request }) => request.kind !== "sleep") ?? asked[0];
        if (next === undefined) throw new Error(`${program.name} waits for nothing`);
        lines.push(next.text);
        execution.answer(next.ordinal, reply(next.request, execution.shown, turn));
        await setImmediate(undefined);
      }
      lines.push(JSON.stringify(execution.ended ?? "on and on"));
    }
    return lines.join("\n");
  }

  /** All that it has asked for; where it rests also what it asks for after that, shortly or, unless something is under way, long after. */
  async #steps(place: Place, met = new Set<Place>()): Promise<readonly Step[]> {
    met.add(place);
    if (place.open.length === 0) return [{ at: place, ordinal: 0, request: undefined }];
    const steps: Step[] = [];
    const works = place.open.some(({ request }) => request.kind !== "sleep");
    for (const { ordinal, request } of place.open) {
      if (request.kind !== "sleep") steps.push({ at: place, ordinal, request });
      else {
        const soon = await this.#behind(place, ordinal, [0], met);
        const late = works || place.program.patient === true ? [] : await this.#behind(place, ordinal, [1], met);
        const textAt = (step: Step): string | undefined => JSON.stringify(step.request);
        for (const step of late) {
          const sooner = soon.find((one) => textAt(one) === textAt(step));
          steps.push(sooner === undefined ? step : { ...step, sooner });
        }
        steps.push(...soon);
      }
    }
    return steps;
  }

  async #behind(place: Place, ordinal: number, pause: Reply, met: Set<Place>): Promise<readonly Step[]> {
    const next = await this.#next(place, ordinal, pause);
    return met.has(next) ? [] : await this.#steps(next, met);
  }

  async #next(place: Place, ordinal: number, reply: Reply): Promise<Place> {
    const name = nameOf(ordinal, reply);
    let next = place.after.get(name);
    if (next === undefined) {
      next = await this.#at(place.program, [...place.history, [ordinal, reply]]);
      place.after.set(name, next);
      if (comparison.on) await this.#compare(place, ordinal, reply, next);
    }
    return next;
  }

  /** Whatever else has led to this place must lead on to the same one. */
  async #compare(place: Place, ordinal: number, reply: Reply, next: Place): Promise<void> {
    const at = place.open.findIndex((one) => one.ordinal === ordinal);
    // In a world one reply is lost at most, and a twin may have had that.
    if (place.open[at]?.request.kind === "move" && reply[0] === replied.unknown) return;
    for (const twin of place.twins) {
      const { open } = await execute(place.program, twin);
      const same = open.toSorted(byText)[at]?.ordinal ?? cancelled;
      comparison.made++;
      if ((await this.#at(place.program, [...twin, [same, reply]])) === next) continue;
      const [one, other, what] = [place.history, twin, place.open[at]?.text].map((part) => JSON.stringify(part));
      throw new Error(
        `${one} and ${other} are taken for one, but they go on otherwise after ${what} and ${reply.join(",")}`,
      );
    }
  }

  /** Undefined: not known before the next `fill`. */
  stepsOf(place: Place): readonly Step[] | undefined {
    if (place.steps === undefined) lacking.push(async () => (place.steps ??= await this.#steps(place)));
    return place.steps;
  }

  next(place: Place, ordinal: number, reply: Reply): Place | undefined {
    const next = place.after.get(nameOf(ordinal, reply));
    if (next === undefined) lacking.push(() => this.#next(place, ordinal, reply));
    return next;
  }
}
