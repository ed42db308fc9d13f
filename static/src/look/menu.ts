/** Items of a menu. */
import type { IconName } from './icons';

export interface MenuItem {
  label: string;
  icon?: IconName;
  /** Said small behind the label. */
  note?: string;
  /** For choices: whether this one holds. */
  checked?: boolean;
  danger?: boolean;
  disabled?: boolean;
  onselect: () => void;
}
