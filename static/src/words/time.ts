/** Times in words: how long it still takes, and how long ago it was. */

/** Seconds that are left, as people say it: rounded up, for a promise that is kept early is welcome. */
export function etaWords(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '';
  if (seconds < 2) return 'a moment';
  if (seconds <= 10) return `about ${Math.ceil(seconds)} seconds`;
  if (seconds <= 55) return `about ${Math.ceil(seconds / 5) * 5} seconds`;
  if (seconds <= 90) return 'about a minute';
  if (seconds <= 55 * 60) return `about ${Math.ceil(seconds / 60)} minutes`;
  const hours = Math.ceil(seconds / 3_600);
  return hours === 1 ? 'about an hour' : `about ${hours} hours`;
}

const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' });
const DATE_WITH_YEAR = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });

/** When something was, seen from `now` (milliseconds): "just now", "20 minutes ago", "3 May". */
export function sinceWords(moment: string, now = Date.now()): string {
  const date = new Date(moment);
  const passedS = (now - date.getTime()) / 1_000;
  if (Number.isNaN(passedS)) return '';
  if (passedS < 60) return 'just now';
  if (passedS < 3_600) return counted(Math.floor(passedS / 60), 'minute');
  if (passedS < 86_400) return counted(Math.floor(passedS / 3_600), 'hour');
  if (passedS < 7 * 86_400) return counted(Math.floor(passedS / 86_400), 'day');
  return (date.getFullYear() === new Date(now).getFullYear() ? DATE : DATE_WITH_YEAR).format(date);
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}
