// How many alarms nobody has answered, in the title and the tab's picture: seen even when another tab is in front.

const title = document.title;
const icon = document.querySelector("link[rel=icon]");
const calm = icon?.getAttribute("href");

export function badge(count) {
  document.title = count ? `(${count}) ${title}` : title;
  if (icon) icon.href = count ? "/static/icon-alarm.svg" : calm;
}
