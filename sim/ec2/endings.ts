// How machines begin to run and how they end: by a call, by their own power-off, by spot, by broken hardware.
import { isUp } from "./machine.ts";
import type { End, Machine } from "./machine.ts";
import type { World } from "./world.ts";

/** From the notice to the taking (EC2 User Guide, Spot Instance interruption notices). */
const spotNoticeMs = 120_000;

const gmt = (ms: number): string =>
  new Date(ms)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " GMT");

const end = (world: World, machine: Machine, how: Omit<End, "at">, powerIsTaken: boolean): void => {
  const now = world.clock.now();
  // A stopped machine can still be terminated; any other end is final.
  const ended = machine.end !== undefined && now >= machine.end.at;
  if (ended && !(machine.end?.to === "stopped" && how.to === "terminated")) return;
  const hadPower = !ended && !machine.impaired;
  machine.end = { ...how, at: now };
  if (hadPower && powerIsTaken) world.hooks.onTerminate?.(machine);
};

/** As TerminateInstances does. */
export const terminate = (world: World, machine: Machine): void =>
  end(
    world,
    machine,
    {
      to: "terminated",
      code: "Client.UserInitiatedShutdown",
      message: "Client.UserInitiatedShutdown: User initiated shutdown",
      transition: `User initiated (${gmt(world.clock.now())})`,
    },
    true,
  );

/** The machine has powered itself off. */
export const poweredOff = (world: World, machine: Machine): void =>
  end(
    world,
    machine,
    {
      to: machine.shutdownBehavior === "terminate" ? "terminated" : "stopped",
      code: "Client.InstanceInitiatedShutdown",
      message: "Client.InstanceInitiatedShutdown: Instance initiated shutdown",
      transition: "",
    },
    false,
  );

/**
 * The hardware dies. Noticed: EC2 terminates the machine. Unnoticed: EC2 still calls it running, with failed status
 * checks, and only the silence of the machine tells.
 */
export function kill(world: World, machine: Machine, noticed: boolean): void {
  if (!isUp(machine, world.clock.now())) return;
  if (noticed) {
    const message = "Server.InternalError: Internal error on launch";
    end(
      world,
      machine,
      { to: "terminated", code: "Server.InternalError", message, transition: "Server.InternalError" },
      true,
    );
    return;
  }
  if (machine.impaired) return;
  machine.impaired = true;
  world.hooks.onTerminate?.(machine);
}

/** The notice now, the end two minutes later. */
export function interruptSpot(world: World, machine: Machine): void {
  const now = world.clock.now();
  if (machine.market !== "spot") throw new Error(`${machine.id} is not a spot machine`);
  if (machine.spotNotice !== undefined || !isUp(machine, now)) return;
  machine.spotNotice = { noticedAt: now, takenAt: now + spotNoticeMs };
  void world.clock.sleep(spotNoticeMs, world.closed).then(() => {
    if (!world.closed.aborted)
      end(
        world,
        machine,
        {
          to: "terminated",
          code: "Server.SpotInstanceTermination",
          message: "Server.SpotInstanceTermination: Spot instance termination",
          transition: "Server.SpotInstanceTermination",
        },
        true,
      );
  });
}

/** Lets a launched machine come up: its process is started when EC2 calls it running, unless it hangs or EC2 gives it up. */
export function boot(world: World, machine: Machine, fails: boolean): void {
  void world.clock.sleep(machine.bootMs, world.closed).then(() => {
    if (world.closed.aborted) return;
    if (fails) kill(world, machine, true);
    // A timer may fire a millisecond before its moment: to the clock the machine is then pending still.
    else if (!machine.hung && isUp(machine, world.clock.now())) world.hooks.onLaunch?.(machine);
  });
}
