// Judges rules on a file some of whose fields have the wrong shape, so that all problems are reported in one round.
import type * as z from "zod";
import { environmentShape, environmentOf, type Environment } from "./environment.ts";
import { valueAt } from "./shape-words.ts";

/** Stand in for required fields that cannot be read. No rule gets to see them. */
const standIns = {
  schema: 2,
  name: "unread",
  account: "000000000000",
  region: "us-east-1",
  network: { kind: "public", cidr: "10.0.0.0/16", zones: ["us-east-1a"] },
  forge: { repositories: ["unread/unread"] },
  defaults: { operatingSystem: "ubuntu-24.04", architectures: ["x64"], image: { x64: { pipeline: true } } },
};

type Path = readonly PropertyKey[];
type Branch = Record<PropertyKey, unknown>;
const isBranch = (value: unknown): value is Branch => typeof value === "object" && value !== null;

/** Records are unread as a whole: a name taken out would be missing elsewhere. So are lists, whose places would move. */
const whole = new Set(["classes", "idleFloors", "partitions", "retiredPartitions", "tags", "runnerEnvironment"]);

/** The part of a path that can be taken out by itself. */
function cut(path: Path): Path {
  const number = path.findIndex((step) => typeof step === "number");
  const upTo = number === -1 ? path : path.slice(0, number);
  return typeof upTo[0] === "string" && whole.has(upTo[0]) && upTo.length === 2 ? upTo.slice(0, 1) : upTo;
}

/** Removes what an issue is about, or the part around it where that is removed already; returns the path that is unread then. */
function takeOut(file: Branch, issue: z.core.$ZodIssue): Path | undefined {
  if (issue.code === "unrecognized_keys") {
    const strange = valueAt(file, issue.path);
    if (isBranch(strange)) for (const key of issue.keys) delete strange[key];
    return undefined;
  }
  for (let path = cut(issue.path); path.length > 0; path = cut(path.slice(0, -1))) {
    const [last, above] = [path.at(-1) ?? "", valueAt(file, path.slice(0, -1))];
    if (!isBranch(above)) continue;
    const standIn = valueAt(standIns, path);
    if (above[last] === undefined && standIn === undefined) continue;
    if (above[last] === undefined || JSON.stringify(above[last]) === JSON.stringify(standIn))
      above[last] = structuredClone(standIn);
    else delete above[last];
    return path;
  }
  return undefined;
}

/** Thrown to a rule that reads an unread field: its verdict is unknown. */
class Unread extends Error {}

/** Classes inherit what is unread in the defaults. */
const matches = (unread: Path, path: Path): boolean => {
  const inClass = path[0] === "classes" && path.length >= 3 && unread[0] === "defaults";
  const own = inClass ? ["defaults", ...path.slice(2)] : path;
  return unread.length <= own.length && unread.every((step, i) => step === own[i]);
};

function guard(environment: Environment, unread: readonly Path[]): Environment {
  // One proxy an object, since rules ask whether a class has the very image of the defaults. What they share is unread by either path.
  const made = new WeakMap<object, object>();
  const guarded = <Value>(value: Value, path: Path): Value => {
    if (!isBranch(value)) return value;
    const known = made.get(value);
    if (known !== undefined) return known as Value;
    const proxy = new Proxy(value, {
      get: (target, step, receiver) => {
        const inner: unknown = Reflect.get(target, step, receiver);
        if (typeof step === "symbol" || typeof inner === "function") return inner;
        const here = [...path, step];
        if (unread.some((one) => matches(one, here))) throw new Unread();
        return guarded(inner, here);
      },
      // `Object.keys`, a spread: an unread field may be missing.
      ownKeys: (target) => {
        if (unread.some((one) => one.length === path.length && matches(one, path))) throw new Unread();
        return Reflect.ownKeys(target);
      },
    });
    made.set(value, proxy);
    return proxy;
  };
  return guarded(environment, []);
}

/** What a rule needs to be judged by. */
export type Judged = <Found>(rule: (environment: Environment) => readonly Found[]) => readonly Found[];

/** Applies rules to what can be read of a file; undefined where too little of it can. */
export function judgedBeside(file: unknown): Judged | undefined {
  if (!isBranch(file) || Array.isArray(file)) return undefined;
  const rest = structuredClone(file);
  const unread: Path[] = [];
  // Each round removes or replaces something: a field is removed once at each of its depths.
  for (let round = 0; round < 50; round++) {
    const parsed = environmentShape.safeParse(rest);
    if (parsed.success) {
      const seen = guard(environmentOf(parsed.data), unread);
      return (rule) => {
        try {
          // A copy: findings may hold parts of the guarded environment.
          return [...rule(seen)];
        } catch (error) {
          if (error instanceof Unread) return [];
          throw error;
        }
      };
    }
    for (const issue of parsed.error.issues) {
      const path = takeOut(rest, issue);
      if (path !== undefined) unread.push(path);
    }
  }
  return undefined;
}
