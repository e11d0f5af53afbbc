/** A payload or a context as a tree that can be read. It is redacted and capped already. */

/** Levels that are open at first. */
const openDepth = 2;

export function Tree({
  value,
  name = null,
  depth = 0,
}: {
  value: unknown;
  name?: string | null;
  depth?: number;
}) {
  const label = name !== null && <span class="tree-name">{name}: </span>;
  if (value === null || typeof value !== 'object') {
    return (
      <div class="tree-leaf">
        {label}
        <span class={`tree-${sortOf(value)}`}>{leafText(value)}</span>
      </div>
    );
  }
  const entries = Object.entries(value);
  const isList = Array.isArray(value);
  if (entries.length === 0) {
    return (
      <div class="tree-leaf">
        {label}
        <span class="tree-mark">{isList ? 'empty list' : 'empty'}</span>
      </div>
    );
  }
  const inside = entries.map(([key, each]) => <Tree key={key} name={key} value={each} depth={depth + 1} />);
  if (name === null) return <div class="tree">{inside}</div>;
  return (
    <details class="tree-branch" open={depth < openDepth}>
      <summary>
        <span class="tree-name">{name}</span>{' '}
        <span class="tree-mark">{isList ? `${entries.length} in the list` : `${entries.length} inside`}</span>
      </summary>
      <div class="tree">{inside}</div>
    </details>
  );
}

/** What was left out, hidden or is no plain value is said between marks, or ends in `…`. */
const marked = /^(?:<.*>|\*{3}|…)$|…$/s;

function sortOf(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return 'number';
  if (typeof value !== 'string') return 'mark';
  return marked.test(value) ? 'mark' : 'text';
}

function leafText(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return value === '' ? 'empty text' : value;
  return String(value);
}
