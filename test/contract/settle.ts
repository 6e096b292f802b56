// A port of the in-process world whose calls make the virtual time go on until they are answered.
import type { VirtualTime } from "../world/virtual-time.ts";

type Method = (...given: unknown[]) => Promise<unknown>;

/** Calls that overlap share one run of the time, as they would share the world's. */
export function settle<Port extends object>(time: VirtualTime, port: Port): Port {
  return new Proxy(port, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== "function") return method;
      return (...given: unknown[]) => time.settle((method as Method).apply(target, given));
    },
  });
}
