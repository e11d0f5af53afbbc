/** Which keys there are, and what colours mean. */
import { Dialog } from '../shared/dialog.tsx';
import { Pill } from '../shared/parts.tsx';
import { type Tone, toneWords } from '../shared/tones.ts';

const keys: readonly (readonly [string, string])[] = [
  ['g o', 'overview'],
  ['g e', 'events'],
  ['g w', 'weather'],
  ['g f', 'fleet'],
  ['/', 'search, or go to an actor'],
  ['↑ ↓ Enter', 'in lists'],
  ['?', 'this'],
  ['Esc', 'closes what is open'],
];

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys and colours" onClose={onClose}>
      <dl class="help-keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="help-tones">
        {(Object.keys(toneWords) as Tone[]).map((tone) => (
          <Pill key={tone} tone={tone}>
            {toneWords[tone]}
          </Pill>
        ))}
      </p>
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
