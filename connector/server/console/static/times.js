// Times are written in UTC by the host, and shown in the reader's own.

import { all } from "./kit.js";

export function localTimes(within = document) {
  const form = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  for (const each of all("time[data-when-local]", within)) {
    each.title = each.dateTime;
    each.textContent = form.format(new Date(each.dateTime));
  }
}
