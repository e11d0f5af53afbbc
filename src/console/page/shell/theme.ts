/** Light, dark, or as the machine has it; remembered by the browser. */
import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';

const key = 'fogrun-theme';
const themes: readonly Theme[] = ['auto', 'light', 'dark'];

function remembered(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(key)) ?? 'auto';
  } catch {
    return 'auto';
  }
}

const chosen = signal<Theme>(remembered());

function show(theme: Theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
show(chosen.peek());

export function useTheme() {
  const now = chosen.value;
  const next = themes[(themes.indexOf(now) + 1) % themes.length]!;
  const press = () => {
    chosen.value = next;
    show(next);
    try {
      localStorage.setItem(key, next);
    } catch {
      // A browser that remembers nothing shows it for now.
    }
  };
  return { now, next, press };
}
