// Instants as the pages write them.

export const DAY_MS = 24 * 60 * 60 * 1000;

/** `Tuesday, 22 December 2026, 16:35`. */
export function inWords(at, timeZone = 'UTC') {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${part.weekday}, ${part.day} ${part.month} ${part.year}, ${part.hour}:${part.minute}`;
}

/** The date, UTC, in so many days: as people read it and as date fields want it. */
export function dateIn(days) {
  const at = new Date(Date.now() + days * DAY_MS);
  const format = { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' };
  return { text: at.toLocaleDateString('en-GB', format), field: at.toISOString().slice(0, 10) };
}
