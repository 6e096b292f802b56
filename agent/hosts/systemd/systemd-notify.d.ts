// The types of the npm package `systemd-notify`, which brings none.
declare module "systemd-notify" {
  interface Notice {
    readonly ready?: boolean;
    readonly status?: string;
    readonly pid?: number;
  }
  /** Spawns the `systemd-notify` binary; rejects with its words when it fails. */
  export default function notify(notice: Notice): Promise<unknown>;
}
