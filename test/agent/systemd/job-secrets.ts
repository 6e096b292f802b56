// Whether a job can lay hands on any secret of ours: in its variables, in what it sees of processes, in every file that it can read.
import type { Secrets } from "./journal-secrets.ts";

/** Put on purpose where a job can see it: a look that does not find these finds nothing. */
export const decoys = {
  "decoy in a variable": "decoy-of-the-environment-5b1e",
  "decoy on a command line": "decoy-of-a-command-line-90c4",
  "decoy in a file": "decoy-of-a-file-7c1f",
} as const;

export const decoyFile = "/etc/decoy";

/** A secret in two halves, so that the script itself, which lies in the job's folder, does not hold it. */
function halves(secret: string): string {
  const middle = Math.floor(secret.length / 2);
  return `'${secret.slice(0, middle)}' '${secret.slice(middle)}'`;
}

/**
 * Says `WHERE: KIND` for all that is found. Patterns go through pipes, never into an argument or a file. Of files those that were
 * written or laid since this guest began: no secret of ours is older.
 */
export function lookInJob(secrets: Secrets): string {
  const kinds: Readonly<Record<string, readonly string[]>> = {
    ...secrets,
    ...Object.fromEntries(Object.entries(decoys).map(([kind, value]) => [kind, [value]])),
  };
  const cases = Object.entries(kinds).map(
    ([kind, all]) => `  "${kind}") printf '%s%s\\n' ${all.filter(Boolean).map(halves).join(" ")} ;;`,
  );
  const names = Object.keys(kinds).map((kind) => `"${kind}"`);
  return `set +e
pattern() {
  case $1 in
${cases.join("\n")}
  esac
}
kinds=(${names.join(" ")})
every() { for kind in "\${kinds[@]}"; do pattern "$kind"; done; }
tell() { # where; what was found on stdin
  found=$(grep -aoF -f <(every))
  for kind in "\${kinds[@]}"; do
    printf '%s\\n' "$found" | grep -qF -f <(pattern "$kind") && echo "$1: $kind"
  done
}
(exec -a "$(pattern "decoy on a command line")" sleep 30) &
decoy=$!
until pattern "decoy on a command line" | grep -qaF -f - "/proc/$decoy/cmdline"; do sleep 0.01; done
env | tell variables
cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tell processes
kill "$decoy"
files() { find /etc /run /var /usr/lib/runpool /tmp /dev/shm ~ -type f -readable -cmin -15 -print0 2>/dev/null; }
files | xargs -0 cat 2>/dev/null | tell files
echo "looked=$(files | tr -dc '\\0' | wc -c)"
`;
}
