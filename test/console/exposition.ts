/** Reads Prometheus' text format, strictly: whatever the format does not allow is an error. */

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReadFamily {
  readonly help: string;
  readonly type: string;
  readonly series: readonly Series[];
}

const name = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const number = /(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)$/y;

export function readExposition(text: string): Map<string, ReadFamily> {
  const families = new Map<string, { help: string; type: string; series: Series[] }>();
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line does not end');
  let help: { name: string; text: string } | undefined;
  let current: { name: string; type: string } | undefined;
  const told = new Set<string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment) {
      const [, what, about, rest] = comment as unknown as [string, string, string, string];
      if (what === 'HELP') help = { name: about, text: rest };
      else {
        if (help?.name !== about) throw new Error(`TYPE without its HELP: ${line}`);
        if (families.has(about)) throw new Error(`family told twice: ${line}`);
        current = { name: about, type: rest };
        families.set(about, { help: help.text, type: rest, series: [] });
      }
      continue;
    }
    const series = readSeries(line);
    const own =
      current?.type === 'histogram' ? series.name.replace(/_(?:bucket|sum|count)$/, '') : series.name;
    if (!current || own !== current.name) throw new Error(`a series outside of its family: ${line}`);
    const key = JSON.stringify([series.name, Object.entries(series.labels).sort()]);
    if (told.has(key)) throw new Error(`a series told twice: ${line}`);
    told.add(key);
    families.get(current.name)!.series.push(series);
  }
  return families;
}

function readSeries(line: string): Series {
  let at = 0;
  const take = (what: RegExp, called: string): string => {
    what.lastIndex = at;
    const found = what.exec(line);
    if (!found) throw new Error(`no ${called} at ${at} in ${line}`);
    at = what.lastIndex;
    return found[0];
  };
  const metric = take(name, 'name');
  const labels: Record<string, string> = {};
  if (line[at] === '{') {
    do {
      at += 1;
      const label = take(labelName, 'name of a label');
      if (label in labels) throw new Error(`a label twice: ${line}`);
      const quoted = take(/="(?:[^"\\\n]|\\["\\n])*"/y, 'value of a label');
      labels[label] = quoted
        .slice(2, -1)
        .replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    } while (line[at] === ',');
    take(/\}/y, 'end of labels');
  }
  take(/ /y, 'space');
  const value = take(number, 'number');
  return { name: metric, labels, value: Number(value.replace('Inf', 'Infinity')) };
}
