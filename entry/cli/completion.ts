// `runpool completion`: completion scripts, generated from the commands' definitions.
import { command, type Command, type Option } from "./command.ts";
import { commonOptions } from "./general-options.ts";
import { exitCodes } from "./exit-codes.ts";

const shells = ["bash", "zsh", "fish"] as const;

/** Those that stand before a command, too. */
const everywhere: readonly Option[] = [...commonOptions, { name: "help", short: "h", help: "help on this command" }];
const ownOptions = ({ options }: Command): readonly Option[] => options.filter(({ secret }) => secret !== true);
const optionsOf = (command: Command): readonly Option[] => [...ownOptions(command), ...everywhere];

const operandsOf = ({ name, operand }: Command, commands: readonly Command[]): readonly string[] =>
  name === "help" ? commands.map((one) => one.name) : (operand?.choices ?? []);

/** Options whose value is a path. */
const takesPath = ({ value }: Option): boolean => value === "DIR" || value === "FILE";

/** In single quotes, as all three shells read them. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function bash(commands: readonly Command[]): string {
  const cases = commands.map((one) => {
    const flags = optionsOf(one).map(({ name }) => `--${name}`);
    const operands = operandsOf(one, commands).join(" ");
    return `    ${one.name}) flags=${quoted(flags.join(" "))}; operands=${quoted(operands)} ;;`;
  });
  const all = [...new Map(commands.flatMap(optionsOf).map((option) => [option.name, option])).values()];
  const valueCases = all.flatMap(({ name, choices }) =>
    choices === undefined
      ? []
      : [`    --${name}) COMPREPLY=($(compgen -W ${quoted(choices.join(" "))} -- "$word")); return ;;`],
  );
  const named = (which: (option: Option) => boolean) => all.filter(which).map(({ name }) => `--${name}`);
  const taking = named((one) => one.value !== undefined && one.choices === undefined && !takesPath(one));
  const paths = named(takesPath);
  return `# bash completion for runpool; in ~/.bashrc: source <(runpool completion bash)
_runpool() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} name='' flags='' operands='' i
  COMPREPLY=()
  case $before in
${valueCases.join("\n")}
    ${paths.join("|")}) compopt -o default 2>/dev/null; return ;;
    ${[...taking, "-e"].join("|")}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${commands.map(({ name }) => name).join("|")}) name=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $name in
    '') flags=${quoted(everywhere.map(({ name }) => `--${name}`).join(" "))}; operands=${quoted(commands.map(({ name }) => name).join(" "))} ;;
${cases.join("\n")}
  esac
  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$word"))
  else COMPREPLY=($(compgen -W "$operands" -- "$word")); fi
}
complete -F _runpool runpool
`;
}

function zsh(commands: readonly Command[]): string {
  const escaped = (text: string): string => text.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
  const spec = (one: Option): string => {
    const { name, short, value, help, choices } = one;
    const values = choices === undefined ? (takesPath(one) ? "_files" : "") : `(${choices.join(" ")})`;
    const argument = value === undefined ? "" : `:${escaped(value)}:${values}`;
    const description = `[${escaped(help)}]${argument}`;
    if (short === undefined) return quoted(`--${name}${description}`);
    return `${quoted(`(-${short} --${name})`)}{-${short},--${name}}${quoted(description)}`;
  };
  const cases = commands.map((one) => {
    const choices = operandsOf(one, commands);
    const offered = choices.length === 0 ? "" : `(${choices.join(" ")})`;
    const operand = one.operand === undefined ? [] : [quoted(`1:${one.operand.name}:${offered}`)];
    return `    ${one.name}) _arguments ${[...optionsOf(one).map(spec), ...operand].join(" ")} ;;`;
  });
  return `#compdef runpool
# zsh completion for runpool; in ~/.zshrc after compinit: source <(runpool completion zsh)
_runpool() {
  local curcontext=$curcontext state line
  local -a commands
  typeset -A opt_args
  commands=(${commands.map(({ name, summary }) => quoted(`${name}:${escaped(summary)}`)).join(" ")})
  _arguments -C -A '-*' ${everywhere.map(spec).join(" ")} '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands; return ;;
    rest) ;;
    *) return ;;
  esac
  case $words[1] in
${cases.join("\n")}
  esac
}
compdef _runpool runpool
`;
}

function fish(commands: readonly Command[]): string {
  const beforeAny = quoted(`not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(" ")}`);
  const optionLine = (option: Option, when: string): string => {
    const { name, short, value, help, choices } = option;
    const brief = short === undefined ? "" : ` -s ${short}`;
    // -x: the value is not a file name.
    const offered = choices === undefined ? "" : ` -a ${quoted(choices.join(" "))}`;
    const takes = value === undefined ? "" : takesPath(option) ? " -r -F" : ` -x${offered}`;
    return `complete -c runpool${when} -l ${name}${brief}${takes} -d ${quoted(help)}`;
  };
  const lines = commands.flatMap((one) => {
    const when = quoted(`__fish_seen_subcommand_from ${one.name}`);
    const choices = operandsOf(one, commands);
    return [
      `complete -c runpool -n ${beforeAny} -a ${one.name} -d ${quoted(one.summary)}`,
      ...(choices.length === 0 ? [] : [`complete -c runpool -n ${when} -a ${quoted(choices.join(" "))}`]),
      ...ownOptions(one).map((option) => optionLine(option, ` -n ${when}`)),
    ];
  });
  return `# fish completion for runpool: runpool completion fish > ~/.config/fish/completions/runpool.fish
complete -c runpool -f
${[...everywhere.map((option) => optionLine(option, "")), ...lines].join("\n")}
`;
}

const scripts = { bash, zsh, fish };

export const completionCommand = command({
  name: "completion",
  summary: "print a completion script for bash, zsh or fish",
  operand: { name: "shell", help: "bash, zsh or fish", required: true, choices: shells },
  options: [],
  examples: [
    "source <(runpool completion bash)",
    "source <(runpool completion zsh)",
    "runpool completion fish > ~/.config/fish/completions/runpool.fish",
  ],
  placeless: true,
  run: async ({ shell }, { commands, terminal }) => {
    terminal.out.write(scripts[shell](commands));
    return exitCodes.done;
  },
});
