// Which beginning of a demand is under way: by it what is created is known again after a crash.
import type { Owner } from "../../domain/owner.ts";
import type { EpochMs } from "./clock.ts";

/** Rejects with `OutOfReach`. */
export interface Beginnings {
  /**
   * Before anything is created for an owner: keeps `begun.id` as the one under way, and gives it back; or gives the id of the one that is
   * under way already, where that began after `begun.since` and has not finished. What is created carries it: after a crash the same
   * machines are asked for again, and after the end never.
   */
  begin(owner: Owner, begun: { readonly id: string; readonly at: EpochMs; readonly since: EpochMs }): Promise<string>;
  /** Marks it as finished: the next beginning is a new one. */
  finish(owner: Owner): Promise<void>;
}
