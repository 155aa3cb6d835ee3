import { type Command, Option } from 'commander'

/** Adds the flags with which a command finds its server. */
export function withTarget(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'address of the server; needs a key in CARILLON_KEY or carillon login'))
    .addOption(new Option('--data <dir>', 'data folder of a server on this machine'))
    .addOption(new Option('--json', 'print JSON'))
}

/** Collects a flag that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value]
}
