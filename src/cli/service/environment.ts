/** The file with the variables of a service: written once with what is set then, afterwards a person's. */
import type { NamedVariable } from '../variables.ts';
import type { Variables } from './places.ts';

/** Set by the unit itself. */
const own = 'FOGRUN_STATE';
/** Not named in files, but obeyed. */
const always: readonly NamedVariable[] = [{ name: 'FOGRUN_LOG_LEVEL', otherwise: 'info' }];

/** Those a person may set for the service. */
export function settable(named: readonly NamedVariable[]): NamedVariable[] {
  const both = [...named, ...always];
  return both.filter(({ name }, i) => name !== own && both.findIndex((other) => other.name === name) === i);
}

/** Source of the quoting: systemd.exec(5), EnvironmentFile. */
export function environmentText(named: readonly NamedVariable[], variables: Variables): string {
  const lines = settable(named).map(({ name, otherwise }) => {
    const value = variables[name];
    if (value) return `${name}=${quoted(value)}`;
    return otherwise === null ? `# ${name}=   (must be set)` : `# ${name}=${oneLine(otherwise)}`;
  });
  return [
    '# Variables for the pipelines of this service. `fogrun service install` leaves this file as it is once it is there.',
    '# After a change: systemctl restart (with --user for a service of your own).',
    ...lines,
    '',
  ].join('\n');
}

function quoted(value: string): string {
  return `"${value.replace(/[\\"$`]/g, (character) => `\\${character}`)}"`;
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ');

/** What systemd will read from such a file, as far as people write them: `NAME=value`, quotes, comments. */
export function readEnvironment(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  const entry = /^[ \t]*([A-Za-z_][A-Za-z0-9_]*)=(?:"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|([^\n]*))/gm;
  for (const [, name, double, single, bare] of text.matchAll(entry)) {
    if (double !== undefined) found[name!] = double.replace(/\\([\s\S])/g, '$1');
    else found[name!] = single ?? bare!.trim();
  }
  return found;
}
