// What the embedded EC2 holds: network, images, launch templates, fleets and machines, and the switches for its faults.
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Chance } from "../chance.ts";
import type { Capacity } from "./capacity.ts";
import type { Architecture } from "./catalogue.ts";
import type { Input } from "./input.ts";
import type { Machine } from "./machine.ts";
import type { Xml } from "./xml.ts";

export type Tags = Map<string, string>;

export interface Subnet {
  readonly id: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly cidr: string;
  /** Where a launch without a subnet goes. */
  readonly isDefault: boolean;
  readonly tags: Tags;
}

export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  readonly tags: Tags;
}

export interface Image {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly architecture: Architecture;
  readonly createdAt: number;
  /** From then on `available`, before it `pending`. */
  readonly availableAt: number;
  readonly rootDevice: string;
  readonly snapshotIds: readonly string[];
  readonly imdsV2: boolean;
  readonly sourceInstanceId?: string;
  readonly tags: Tags;
}

export interface Snapshot {
  readonly id: string;
  readonly description: string;
  readonly startedAt: number;
  readonly completedAt: number;
  readonly gib: number;
  readonly tags: Tags;
}

export interface TemplateVersion {
  readonly number: number;
  readonly description: string | undefined;
  readonly createdAt: number;
  /** LaunchTemplateData as it was sent. */
  readonly data: Input;
}

export interface LaunchTemplate {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  defaultVersion: number;
  readonly versions: TemplateVersion[];
  readonly tags: Tags;
}

/** Switches that a test or a demo sets while the world runs. All durations in milliseconds. */
export interface MachineFaults {
  /** From launch to `running`. */
  bootMs: number;
  /** From the end's beginning to `terminated` or `stopped`. */
  shutdownMs: number;
  /** How many of the next machines hang: EC2 calls them running, but nothing ever runs on them (`onLaunch` is not called). */
  hungBoots: number;
  /** How many of the next machines EC2 itself gives up on: pending, then terminated with Server.InternalError. */
  failedBoots: number;
  /** How long Describe calls and tags do not know a new machine (EC2 API Reference, eventual consistency). */
  unknownForMs: number;
  /** How long a terminated machine is still described; AWS says about an hour. */
  describedForMs: number;
  /** From CreateImage to `available`. */
  imageMs: number;
}

/** Called as machines come and go, so that a process can stand for each. Assignable at any time. */
export interface Hooks {
  /** The machine has booted (`running`); not called for one that hangs or ended before. */
  onLaunch?: (machine: Machine) => void;
  /** The machine has lost its power, for whatever reason; not called for one that powered itself off. */
  onTerminate?: (machine: Machine) => void;
  /** What its console shows, where that is not what was written into it. */
  console?: (machine: Machine) => string;
}

/** What a client token has answered, for a day. */
interface Remembered {
  readonly at: number;
  readonly request: string;
  readonly answer: Answer;
}

export interface World {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly region: string;
  readonly account: string;
  /** The value of an SSM parameter, for image ids of the form `resolve:ssm:NAME`. */
  readonly parameter: (name: string) => string | undefined;
  readonly vpcs: Map<string, { readonly id: string; readonly cidr: string; readonly tags: Tags }>;
  readonly subnets: Map<string, Subnet>;
  readonly securityGroups: Map<string, SecurityGroup>;
  readonly images: Map<string, Image>;
  /** Ids of images that there were. */
  readonly deregistered: Set<string>;
  readonly snapshots: Map<string, Snapshot>;
  readonly templates: Map<string, LaunchTemplate>;
  readonly fleets: Map<string, { readonly id: string; readonly tags: Tags }>;
  readonly machines: Map<string, Machine>;
  readonly remembered: Map<string, Remembered>;
  readonly capacity: Capacity;
  readonly faults: MachineFaults;
  readonly hooks: Hooks;
  /** Aborted when the world is taken down: nothing happens in it any more. */
  readonly closed: AbortSignal;
}

export type Answer = Exclude<Xml, undefined>;
/** Answers one action with the members of its response. */
export type Handler = (world: World, input: Input) => Answer;
export type Actions = Readonly<Record<string, Handler>>;

/** A resource's identifier: prefix and 17 hexadecimal digits. */
export const newId = (world: World, prefix: string): string => `${prefix}-0${world.chance.id().slice(0, 16)}`;
