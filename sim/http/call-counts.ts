// Counts the calls that reached the front door, by service and action.
import type { ServiceName } from "./protocols.ts";

export type CallCounts = { readonly [service in ServiceName]?: Readonly<Record<string, number>> };

export interface CallCounter {
  readonly note: (service: ServiceName, action: string) => void;
  readonly counts: () => CallCounts;
  readonly reset: () => void;
}

export function openCallCounter(): CallCounter {
  const counted = new Map<ServiceName, Map<string, number>>();
  return {
    note(service, action) {
      const actions = counted.get(service) ?? new Map<string, number>();
      counted.set(service, actions);
      actions.set(action, (actions.get(action) ?? 0) + 1);
    },
    counts: () =>
      Object.fromEntries(
        [...counted].map(([service, actions]) => [service, Object.fromEntries(actions)]),
      ) as CallCounts,
    reset: () => counted.clear(),
  };
}
