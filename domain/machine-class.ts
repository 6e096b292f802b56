// Machine classes: one kind of machine by a name, and how a class comes of what it says itself and its environment's defaults. Its keys are in
// class-keys.ts; what of it a run needs is deployed, and read by `classOf`.
import { limits } from "./limits.ts";
import { architectures, type Architecture, type UsageClass } from "./record.ts";
import { defaultResourceClasses, type ResourceClass } from "./resource-class.ts";

/** `rootDevice`: of each system's official AMIs. */
export const operatingSystems = {
  "amazon-linux-2023": { family: "linux", rootDevice: "/dev/xvda" },
  "ubuntu-22.04": { family: "linux", rootDevice: "/dev/sda1" },
  "ubuntu-24.04": { family: "linux", rootDevice: "/dev/sda1" },
  "windows-server-2022": { family: "windows", rootDevice: "/dev/sda1" },
  "windows-server-2025": { family: "windows", rootDevice: "/dev/sda1" },
} as const satisfies Readonly<Record<string, { readonly family: "linux" | "windows"; readonly rootDevice: string }>>;
export type OperatingSystem = keyof typeof operatingSystems;

export type ByArchitecture<Value> = Readonly<Partial<Record<Architecture, Value | undefined>>>;

/** Where an AMI's id comes from. */
export type ImageSource = { readonly id: string } | { readonly parameter: string } | { readonly pipeline: true };

/** What machines are, but for their size. */
export interface MachineSettings {
  readonly operatingSystem: OperatingSystem;
  readonly architectures: readonly Architecture[];
  readonly image: ByArchitecture<ImageSource>;
  /** What makes a runner of a stock AMI at first boot. */
  readonly install: ByArchitecture<{ readonly url: string; readonly sha256: string }>;
  readonly disk: { readonly sizeGiB: number; readonly iops: number; readonly throughputMiB: number };
  /** Docker makes jobs root on their machine. */
  readonly docker: boolean;
  readonly preRunner: { readonly script: string; readonly user: "root" | "job" };
  /** Owners that a machine may have had before it is retired; 0 = no maximum. */
  readonly maxUses: number;
  readonly maxRuntime: number;
  readonly usageClass: UsageClass;
  /** USD an hour. */
  readonly spotMaxPrice?: number | undefined;
}
export interface MachineClass extends ResourceClass, MachineSettings {
  /** Architectures of which it names an image itself: the id of that lies in a parameter of its own. */
  readonly ownImages: readonly Architecture[];
}

/** All that may be left out. */
type Said<Value> = { readonly [Name in keyof Value]?: Value[Name] | undefined };
export type SaidOfClass = Said<Omit<MachineClass, "disk" | "preRunner" | "ownImages">> & {
  readonly disk?: Said<MachineSettings["disk"]> | undefined;
  readonly preRunner?: Said<MachineSettings["preRunner"]> | undefined;
};
export type SaidOfDefaults = Omit<MachineSettings, "maxUses"> & Said<Pick<MachineSettings, "maxUses">>;

/** Where the defaults say nothing either. */
export const machineDefaults = {
  disk: { sizeGiB: 60, iops: 3000, throughputMiB: 125 },
  docker: false,
  preRunner: { script: "", user: "root" },
  maxRuntime: limits.maxRuntimeMs,
  usageClass: "spot",
} as const;

/** `above` with what is said in its place; what is left out, or undefined, is as above. */
const over = <Whole extends object>(above: Whole, said: Said<Whole> = {}): Whole => ({
  ...above,
  ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
});

/** What every class is that says nothing else. Nothing can clean up after a job that was root: with docker one run, then a new machine. */
export const defaultMachines = (said: SaidOfDefaults): MachineSettings => ({
  ...said,
  maxUses: said.maxUses ?? (said.docker ? 1 : 0),
});

/** A class by what it says itself: all else is as in the defaults. */
export function machineClass(name: string, own: SaidOfClass, defaults: SaidOfDefaults): MachineClass {
  const above = defaultMachines(defaults);
  const { disk, preRunner, image, install, ...said } = own;
  const docker = said.docker ?? above.docker;
  // An image is of one operating system.
  const inherits = said.operatingSystem === undefined || said.operatingSystem === above.operatingSystem;
  const size = Object.hasOwn(defaultResourceClasses, name) ? defaultResourceClasses[name] : undefined;
  return over<MachineClass>(
    {
      ...above,
      // Not a number where nobody says it: synthesis refuses that.
      cpu: size?.cpu ?? Number.NaN,
      mmem: size?.mmem ?? Number.NaN,
      // Of docker's own: neither is meant for machines of the other kind.
      maxUses: docker === above.docker ? above.maxUses : docker ? 1 : (defaults.maxUses ?? 0),
      disk: over(above.disk, disk),
      preRunner: over(above.preRunner, preRunner),
      image: { ...(inherits ? above.image : {}), ...image },
      ownImages: architectures.filter((architecture) => image?.[architecture] !== undefined),
      install: { ...(inherits ? above.install : {}), ...install },
    },
    said,
  );
}
