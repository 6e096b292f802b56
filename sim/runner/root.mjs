// The runner's folder: where its files are, what they hold, its diagnostic log, its name in the process list.
//
// Lines that are named in this folder, FILE.cs:N, are of actions/runner as a public fork of it has it, google-ml-infra/runner at commit
// 5f591b71fdb2e237611df6596c99aae7874c6bcd; upstream's files lack the fork's licence, the first 14 lines of each.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder above the `bin` this program was started from, as the real listener takes it (Program.cs:186, LoadAndSetEnv). */
export const bin = dirname(process.argv[1] ?? ".");
export const root = dirname(bin);

const file = (name) => join(root, name);
const readJson = (path) => JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));

/** Version and pace, written at installation (and by an update). */
export const standIn = readJson(join(bin, "stand-in.json"));

/**
 * Shows the process under the real program's name. The command line already starts with it (argv[0]); this sets what `ps -o comm` and
 * /proc/PID/comm show, which Node 24 would call "node-MainThread".
 */
export function takeName(name) {
  try {
    writeFileSync("/proc/self/comm", name);
  } catch {
    process.title = name;
  }
}

export const isConfigured = () => existsSync(file(".runner"));
export const hasCredentials = () => existsSync(file(".credentials"));
export const loadSettings = () => readJson(file(".runner"));
export const loadCredentials = () => readJson(file(".credentials"));
export const loadRsaParameters = () => readJson(file(".credentials_rsaparams"));

const writeSecret = (name, text) => {
  rmSync(file(name), { force: true });
  writeFileSync(file(name), text, { mode: 0o600 });
};
export const saveSettings = (settings) => writeFileSync(file(".runner"), JSON.stringify(settings, undefined, 2));
export const saveCredentials = (credentials) => writeSecret(".credentials", JSON.stringify(credentials, undefined, 2));
export const saveRsaParameters = (parameters) => writeSecret(".credentials_rsaparams", JSON.stringify(parameters));
/** Writes a file that a just-in-time configuration carries, whatever its name (Runner.cs, ExecuteCommand). */
export const saveRaw = (name, bytes) => writeFileSync(file(name), bytes);

/** Deletes `.credentials*` and `.runner`, saying what it did in the real words (ConfigurationManager.cs:510-539, DeleteLocalRunnerConfig). */
export function deleteLocalConfig(say) {
  const parts = [
    { there: hasCredentials(), name: ".credentials", files: [".credentials", ".credentials_rsaparams"] },
    { there: isConfigured(), name: ".runner", files: [".runner"] },
  ];
  for (const { there, name, files } of parts) {
    say(there ? `√ Removed ${name}` : `Does not exist. Skipping Removing ${name}`);
    if (there) for (const each of files) rmSync(file(each), { force: true });
  }
}

/** Puts `.env` into the environment, and `.path` in place of PATH, as the listener finds them when it starts (Program.cs; runsvc.sh). */
export function loadEnvironment() {
  const lines = existsSync(file(".env")) ? readFileSync(file(".env"), "utf8").split(/\r?\n/) : [];
  for (const line of lines) {
    const at = line.indexOf("=");
    if (at > 0) process.env[line.slice(0, at)] = line.slice(at + 1);
  }
  const path = existsSync(file(".path")) ? readFileSync(file(".path"), "utf8").trim() : "";
  if (path !== "") process.env.PATH = path;
}

const secrets = new Set();
/** From now on this text is shown as *** in the diagnostic log and on the terminal. */
export const mask = (secret) => secret && secrets.add(secret);
export const masked = (text) => [...secrets].reduce((shown, secret) => shown.replaceAll(secret, "***"), text);

/** A diagnostic log `_diag/<kind>_<time>-utc.log`; a folder that cannot be written is no reason to fail. */
export function openDiagnostics(kind) {
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const path = file(`_diag/${kind}_${stamp}-utc.log`);
  return (text) => {
    try {
      mkdirSync(dirname(path), { recursive: true });
      appendFileSync(path, `[${new Date().toISOString().slice(0, 19)}Z INFO ${kind}] ${masked(text)}\n`);
    } catch {
      // The log is for people; the runner works without it.
    }
  };
}

export const say = (text = "") => process.stdout.write(`${masked(text)}\n`);
export const sayError = (text) => process.stderr.write(`${masked(text)}\n`);

/** Now as the real terminal prints it: `2026-08-22 13:46:17Z`. */
export const stamp = () => `${new Date().toISOString().slice(0, 19).replace("T", " ")}Z`;
