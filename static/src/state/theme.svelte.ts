/** Theme: light, dark, or as the system has it; kept in this browser. */

export type Theme = 'system' | 'light' | 'dark';

const NAME = 'worldloom-theme';

class ThemeChoice {
  now = $state<Theme>(read());

  choose(theme: Theme): void {
    this.now = theme;
    try {
      localStorage.setItem(NAME, theme);
    } catch {
      // it holds as long as the page
    }
    this.show();
  }

  show(): void {
    document.documentElement.style.colorScheme = this.now === 'system' ? '' : this.now;
  }
}

function read(): Theme {
  try {
    const kept = localStorage.getItem(NAME);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system';
  }
}

export const theme = new ThemeChoice();
