// All commands, in the order and the groups of the help.
import { amiCommand } from "./ami.ts";
import type { Command } from "./command.ts";
import { completionCommand } from "./completion.ts";
import { configCommand } from "./config.ts";
import { doctorCommand } from "./doctor.ts";
import { drainCommand } from "./drain.ts";
import { eventsCommand } from "./events.ts";
import type { HelpGroup } from "./help.ts";
import { helpCommand } from "./help-command.ts";
import { instancesCommand } from "./instances.ts";
import { localCommand } from "./local.ts";
import { logsCommand } from "./logs.ts";
import { pauseCommand, resumeCommand } from "./pause.ts";
import { provisionCommand } from "./provision.ts";
import { refreshCommand } from "./refresh.ts";
import { releaseCommand } from "./release.ts";
import { retireCommand } from "./retire.ts";
import { statusCommand } from "./status.ts";
import { synthCommand } from "./synth.ts";
import { versionCommand } from "./version.ts";

export const commandGroups: readonly HelpGroup[] = [
  { title: "For a workflow's run", commands: [provisionCommand, releaseCommand] },
  {
    title: "Inspect",
    commands: [statusCommand, instancesCommand, eventsCommand, logsCommand, configCommand, doctorCommand],
  },
  {
    title: "Operate",
    commands: [refreshCommand, retireCommand, pauseCommand, resumeCommand, drainCommand, amiCommand],
  },
  { title: "Get started", commands: [localCommand, synthCommand] },
  { title: "Other", commands: [completionCommand, versionCommand, helpCommand] },
];

export const commands: readonly Command[] = commandGroups.flatMap((group) => group.commands);
