// What the metadata service says about an instance.
import type { EpochMs } from "./clock.ts";

export interface Identity {
  readonly instanceId: string;
  readonly region: string;
  readonly account: string;
  readonly zone: string;
  readonly instanceType: string;
}

export interface Interruption {
  readonly kind: "terminate" | "rebalance";
  readonly at: EpochMs;
}

export interface Metadata {
  identity(): Promise<Identity>;
  /** One of the instance's tags; undefined where metadata does not show it. */
  tag(name: string): Promise<string | undefined>;
  /** All of them, each asked for. */
  tags(): Promise<Readonly<Record<string, string>>>;
  /** A spot notice or rebalance recommendation, once there is one. */
  interruption(): Promise<Interruption | undefined>;
}
