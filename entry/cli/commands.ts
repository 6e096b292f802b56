// All commands, in the order of the help.
import { amiCommand } from "./ami.ts";
import type { Command } from "./command.ts";
import { completionCommand } from "./completion.ts";
import { configCommand } from "./config.ts";
import { doctorCommand } from "./doctor.ts";
import { drainCommand } from "./drain.ts";
import { eventsCommand } from "./events.ts";
import { helpCommand } from "./help-command.ts";
import { instancesCommand } from "./instances.ts";
import { localCommand } from "./local.ts";
import { logsCommand } from "./logs.ts";
import { migrateCommand } from "./migrate.ts";
import { pauseCommand } from "./pause.ts";
import { provisionCommand } from "./provision.ts";
import { refreshCommand } from "./refresh.ts";
import { releaseCommand } from "./release.ts";
import { resumeCommand } from "./resume.ts";
import { retireCommand } from "./retire.ts";
import { statusCommand } from "./status.ts";
import { versionCommand } from "./version.ts";

export const commands: readonly Command[] = [
  provisionCommand,
  releaseCommand,
  refreshCommand,
  statusCommand,
  instancesCommand,
  eventsCommand,
  logsCommand,
  doctorCommand,
  retireCommand,
  pauseCommand,
  resumeCommand,
  drainCommand,
  configCommand,
  amiCommand,
  migrateCommand,
  localCommand,
  completionCommand,
  versionCommand,
  helpCommand,
];
