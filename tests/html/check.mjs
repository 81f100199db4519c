// Opens a page of `berth cost --output html` in headless Chromium and judges it, at the width of a phone and of a desk, in light
// and in dark, and in print.
//
//   node check.mjs PAGE.html FOLDER-FOR-SCREENSHOTS
//
// Prints what is wrong, one line each, and then exits with 1. CHROMIUM names the browser, /usr/bin/chromium if unset.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } };
const SCHEMES = ['light', 'dark'];
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
/** Smallest letters of a drawing, in CSS pixels; on paper eight points. */
const LEAST_LETTERS = { screen: 11, paper: (8 / 72) * 96 };
/** Contrast of text that WCAG 2 AA asks for. */
const LEAST_CONTRAST = 4.5;

const [page_file, shots] = process.argv.slice(2);
const address = pathToFileURL(resolve(page_file)).href;
const axe_source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(shots, { recursive: true });

const wrong = [];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
try {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const scheme of SCHEMES) {
      await judge(`${size}-${scheme}`, { viewport, colorScheme: scheme, deviceScaleFactor: 1 });
    }
  }
  await judge_print();
} finally {
  await browser.close();
}
for (const line of wrong) console.log(line);
process.exitCode = wrong.length ? 1 : 0;

/** A page that reports what it must not do. */
async function open(name, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(`${name}: console says: ${message.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(`${name}: script fails: ${error}`));
  page.on('request', (request) => {
    const asked = request.url();
    if (asked.split('#')[0] !== address && !asked.startsWith('data:')) wrong.push(`${name}: asks for ${asked}`);
  });
  await page.goto(address, { waitUntil: 'load' });
  return { context, page };
}

/** Keeps what a function that runs in the page finds wrong. */
async function hold(name, page, judging, given) {
  wrong.push(...(await page.evaluate(judging, given)).map((line) => `${name}: ${line}`));
}

async function judge(name, options) {
  const { context, page } = await open(name, options);
  await hold(name, page, shape);
  await hold(name, page, drawings, [LEAST_LETTERS.screen, LEAST_CONTRAST]);
  await accessible(`${name}, tables closed`, page);
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  await by_keyboard(name, page);
  await page.evaluate(open_tables);
  await accessible(`${name}, tables open`, page);
  await hold(`${name}, tables open`, page, shape);
  await page.screenshot({ path: join(shots, `${name}-open.png`), fullPage: true });
  await context.close();
}

/** What axe finds, with all its rules. */
async function accessible(name, page) {
  await page.evaluate(axe_source);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  if (found.passes.length < 10) wrong.push(`${name}: axe only looked at ${found.passes.length} rules`);
  for (const rule of found.violations) {
    for (const node of rule.nodes) wrong.push(`${name}: axe ${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`);
  }
}

/** The skip link comes first and leads to the figures; a table opens with the keyboard. */
async function by_keyboard(name, page) {
  await page.keyboard.press('Tab');
  const first = await page.evaluate(() => document.activeElement.className);
  if (first !== 'skip') wrong.push(`${name}: the first stop of the keyboard is not the skip link`);
  await page.keyboard.press('Enter');
  const inside = await page.evaluate(() => document.activeElement.id);
  if (inside !== 'main') wrong.push(`${name}: the skip link leads to #${inside}`);
  await page.keyboard.press('Tab');
  const outline = await page.evaluate(() => {
    const focused = document.activeElement;
    return focused.tagName === 'SUMMARY' ? getComputedStyle(focused).outlineStyle : `on ${focused.tagName}`;
  });
  if (outline !== 'solid') wrong.push(`${name}: a focused summary is not seen to be: ${outline}`);
  await page.keyboard.press('Enter');
  const is_open = await page.evaluate(() => document.activeElement.parentElement.open === true);
  if (!is_open) wrong.push(`${name}: the table does not open with the keyboard`);
}

/** Paper: as whole as a screen, tables are there without a click, and nothing is dark. */
async function judge_print() {
  const { context, page } = await open('print', { viewport: { width: 794, height: 1123 }, colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await hold('print', page, paper);
  await hold('print', page, shape);
  await hold('print', page, drawings, [LEAST_LETTERS.paper, LEAST_CONTRAST]);
  await page.screenshot({ path: join(shots, 'print.png'), fullPage: true });
  await page.pdf({ path: join(shots, 'print.pdf'), format: 'A4', printBackground: false });
  // To axe a closed table is hidden, though it is printed.
  await page.evaluate(open_tables);
  await accessible('print', page);
  await context.close();
}

// The functions below run in the page.

function open_tables() {
  document.querySelectorAll('details').forEach((details) => { details.open = true; });
}

/** Every table is printed, on white. */
async function paper() {
  // What is skipped while it is out of sight is laid out with the next frame.
  for (let frame = 0; frame < 2; frame += 1) await new Promise((done) => { requestAnimationFrame(done); });
  const lines = [];
  for (const table of document.querySelectorAll('table')) {
    const rows = [...table.querySelectorAll('tr')].filter((row) => row.checkVisibility({ contentVisibilityAuto: true }));
    if (rows.length < 2) lines.push(`${table.caption.textContent}: the table is not printed`);
  }
  const ground = getComputedStyle(document.body).backgroundColor;
  if (ground !== 'rgb(255, 255, 255)') lines.push(`the paper is ${ground}`);
  return lines;
}

/** Language, landmarks, headings; nothing sticks out sideways. */
function shape() {
  const lines = [];
  if (document.documentElement.lang !== 'en') lines.push('the page names no language');
  for (const landmark of ['header', 'main', 'footer', 'nav']) {
    if (document.querySelectorAll(`body > ${landmark}`).length !== 1) lines.push(`not one ${landmark}`);
  }
  const levels = [...document.querySelectorAll('h1,h2,h3,h4')].map((head) => Number(head.tagName[1]));
  if (levels[0] !== 1 || levels.filter((level) => level === 1).length !== 1) lines.push(`headings: ${levels}`);
  const across = document.documentElement;
  if (across.scrollWidth > across.clientWidth) lines.push(`${across.scrollWidth} px wide on ${across.clientWidth} px`);
  if (document.scripts.length) lines.push('the page has scripts');
  return lines;
}

/** Each drawing is an image with words, has its numbers in a table, and its letters are large, whole and apart. */
function drawings([least_letters, least_contrast]) {
  const lines = [];
  const shown = [...document.querySelectorAll('svg.chart')].filter((svg) => svg.checkVisibility());
  const figures = document.querySelectorAll('figure').length;
  if (figures < 3 || shown.length !== figures) lines.push(`${shown.length} drawings are shown for ${figures} figures`);
  const light_of = (colour) => {
    const parts = colour.match(/\d+(\.\d+)?/g).slice(0, 3).map((part) => {
      const value = Number(part) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const ground = light_of(getComputedStyle(document.body).backgroundColor);
  for (const svg of shown) {
    const [title, desc] = svg.getAttribute('aria-labelledby').split(' ').map((id) => document.getElementById(id));
    const name = title?.textContent ?? '?';
    if (svg.getAttribute('role') !== 'img') lines.push(`${name}: not an image`);
    if (title?.tagName !== 'title' || !title.textContent) lines.push(`${name}: no title`);
    if (desc?.tagName !== 'desc' || desc.textContent.length < 40) lines.push(`${name}: no description`);
    if (!svg.closest('section').querySelector('details table tbody tr')) lines.push(`${name}: no table`);
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].map((text) => ({ text, box: text.getBoundingClientRect() }));
    if (texts.length < 4) lines.push(`${name}: hardly any words`);
    texts.forEach(({ text, box }, index) => {
      const words = text.textContent.trim();
      const letters = Number(text.getAttribute('font-size')) * (frame.width / svg.viewBox.baseVal.width);
      if (letters < least_letters) lines.push(`${name}: letters of ${letters.toFixed(1)} px: ${words}`);
      const inside = box.left >= frame.left - 0.5 && box.right <= frame.right + 0.5 && box.top >= frame.top - 0.5
        && box.bottom <= frame.bottom + 0.5;
      if (!inside) lines.push(`${name}: cut off: ${words}`);
      const fill = light_of(getComputedStyle(text).fill);
      const contrast = (Math.max(fill, ground) + 0.05) / (Math.min(fill, ground) + 0.05);
      if (contrast < least_contrast) lines.push(`${name}: contrast ${contrast.toFixed(2)}: ${words}`);
      for (const other of texts.slice(index + 1)) {
        const apart = box.right <= other.box.left || other.box.right <= box.left || box.bottom <= other.box.top + 1
          || other.box.bottom <= box.top + 1;
        if (!apart) lines.push(`${name}: on top of each other: ${words} / ${other.text.textContent.trim()}`);
      }
    });
  }
  return lines;
}
