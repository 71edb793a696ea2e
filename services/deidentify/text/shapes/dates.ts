/** Dates in figures and words, French and English. A date without a year, or a year alone, is not certain. */
import type { Finding, Language } from '../types.ts'
import { endAt, finding, NO_DIGIT_AFTER, pattern } from './match.ts'

/** A line may end after a hyphen or stroke. */
const SEP = '(?:[ \\t]{0,2}[/.\\-–|\\\\][ \\t]{0,2}|[\\-/]\\n)'
const DAY = '(?:0?[1-9]|[12]\\d|3[01])'
const MONTH = '(?:0?[1-9]|1[0-2])'
const YEAR4 = '(?:1[89]|20)\\d{2}'
const YEAR = `(?:${YEAR4}|'?\\d{2})`
const MONTHS_FR =
  '(?:janvier|janv?|f[ée]vrier|f[ée]vr?|mars|avril|avr|mai|juin|juillet|juil|ao[uû]t|septembre|sept?|octobre|oct|novembre|nov|d[ée]cembre|d[ée]c)'
const MONTHS_EN =
  '(?:january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)'
const DAYS_WORDS_FR =
  '(?:premier|vingt[ -]et[ -]un|vingt[ -](?:deux|trois|quatre|cinq|six|sept|huit|neuf)|trente[ -]et[ -]un|dix[ -](?:sept|huit|neuf)|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingt|trente)'
const NUMBER_WORD_FR =
  '(?:un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?|trente|quarante|cinquante|soixante|et)'
const YEAR_WORDS_FR = `(?:(?:deux[ -]mille?|mille?[ -](?:neuf|huit)[ -]cents?|dix[ -]neuf[ -]cents?)(?:[ -]${NUMBER_WORD_FR}){0,5})`
const DAYS_WORDS_EN =
  '(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|thirtieth|thirty[ -]first)'
const NUMBER_WORD_EN =
  '(?:oh|hundred|and|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)'
const YEAR_WORDS_EN = `(?:(?:nineteen|twenty|two thousand)(?:[ -]${NUMBER_WORD_EN}){1,4})`
const END_WORD = '(?![\\p{L}])'
const GAP = '[ \\t.,\\-/]{0,3}'

/** Between the first and the last day. */
const RANGE_EN = '[ ]?(?:-|–|to|and|&|through|thru)[ ]?'

const FULL = [
  // 13/09/2020, 3/4/19, 13 / 03 | 2020
  `${DAY}${SEP}${MONTH}${SEP}${YEAR}${NO_DIGIT_AFTER}`,
  // 2020-09-13, 20200913T…
  `${YEAR4}[/.\\-–]${MONTH}[/.\\-–]${DAY}${NO_DIGIT_AFTER}`,
  `${DAY} ${MONTH} ${YEAR4}${NO_DIGIT_AFTER}`,
  `${DAY}[ \\-.]{0,2}(?:er|ère)?${GAP}${MONTHS_FR}${GAP}${YEAR4}${NO_DIGIT_AFTER}`,
  `${DAY}(?:er)?[ \\-.]{0,2}${MONTHS_FR}[ \\-./]{1,2}'?\\d{2}(?![\\d:hH]|[ \\t]?(?:mg|g|ml|ans|jours|h|mois|%))`,
].map(pattern)
/** Days before the last of a row: 2 au 27 février, 3, 10 et 17 juin. */
const IN_ROW_FR = [
  `${DAY}(?:er)?(?=(?:, ${DAY}){0,4} (?:au|et|&|-) (?:le )?${DAY}(?:er)?[ ](?:${MONTHS_FR}${END_WORD}))`,
  `${DAY}(?=, ${DAY}(?:, ${DAY}){0,3} (?:au|et|&) ${DAY} (?:${MONTHS_FR}${END_WORD}))`,
  `${DAY}(?= (?:au|et) (?:le )?${DAY}[/.]${MONTH}(?:[/.]|${NO_DIGIT_AFTER}))`,
].map(pattern)
const FULL_EN = [
  `${MONTH}${SEP}${DAY}${SEP}${YEAR}${NO_DIGIT_AFTER}`,
  `${DAY}(?:st|nd|rd|th)?${GAP}(?:of )?${MONTHS_EN}${GAP}(?:${YEAR4}|'\\d{2})${NO_DIGIT_AFTER}`,
  `${DAY}-${MONTHS_EN}-\\d{2}${NO_DIGIT_AFTER}`,
  // 12-15 March 2021, 12th to 15th March
  `${DAY}(?:st|nd|rd|th)?${RANGE_EN}${DAY}(?:st|nd|rd|th)?[ ](?:of )?${MONTHS_EN}(?:,?[ ]${YEAR4})?${NO_DIGIT_AFTER}(?![\\p{L}])`,
].map(pattern)
const PARTIAL = [
  // 03/2015
  `${MONTH}${SEP}${YEAR4}${NO_DIGIT_AFTER}`,
  `${DAY}(?:er)?[ \\-.]{0,2}${MONTHS_FR}${END_WORD}`,
].map(pattern)
const PARTIAL_EN = [`${DAY}(?:st|nd|rd|th)?[ \\-](?:of )?${MONTHS_EN}${END_WORD}`].map(pattern)
const POSSIBLE = [
  `${DAY}${SEP}${MONTH}${NO_DIGIT_AFTER}(?![.,]\\d)`,
  `(?:${DAY}(?:0[1-9]|1[0-2])${YEAR4}|${YEAR4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01]))${NO_DIGIT_AFTER}`,
  `${YEAR4}${NO_DIGIT_AFTER}`,
].map(pattern)
const POSSIBLE_EN = [`${MONTH}${SEP}${DAY}${NO_DIGIT_AFTER}(?![.,]\\d)`].map(pattern)
/** 0 7 0 8 1 9 8 3: one figure in each box of a form. */
const BOXES = pattern(`\\d(?: \\d){6,8}(?! ?\\d)`)

const WORDS_FR = [
  `${DAYS_WORDS_FR}(?: jour)?(?: de| du mois de)?[ \\-]{1,2}(?:${MONTHS_FR}|${MONTH})(?:[ \\-,]{1,3}(?:${YEAR_WORDS_FR}|${YEAR4}))${END_WORD}`,
  `${MONTHS_FR}${GAP}(?:${YEAR4}|'\\d{2})${NO_DIGIT_AFTER}`,
].map(pattern)
const WORDS_FR_PARTIAL = [
  `${DAYS_WORDS_FR}[ \\-]${MONTHS_FR}${END_WORD}`,
  `(?:fin|mi|d[ée]but)[ \\-](?:${MONTHS_FR}[ ])?${YEAR4}${NO_DIGIT_AFTER}`,
  `(?:fin|mi|d[ée]but)[ \\-]${MONTHS_FR}${END_WORD}`,
  `${YEAR_WORDS_FR}${END_WORD}`,
  `(?:printemps|[ée]t[ée]|automne|hiver)[ ]${YEAR4}${NO_DIGIT_AFTER}`,
  `${MONTHS_FR}${END_WORD}`,
].map(pattern)
const WORDS_EN = [
  // Oct 3-10, March 3 to 5, 2021
  `${MONTHS_EN}\\.?[ ]${DAY}(?:st|nd|rd|th)?${RANGE_EN}${DAY}(?:st|nd|rd|th)?(?:,?[ ]${YEAR4})?${NO_DIGIT_AFTER}(?![\\p{L}/])`,
  `(?:christmas|boxing|thanksgiving|memorial|labor|independence|veterans|presidents|mother's|father's|new year['’]s|mlk)[ ](?:day|eve)${END_WORD}`,
  `easter[ ](?:sunday|monday|weekend)${END_WORD}`,
  `${MONTHS_EN}\\.?[ \\-\\n]{0,2}(?:the )?${DAY}(?:st|nd|rd|th)?(?:[ ,\\-\\n]{1,3}(?:of )?(?:${YEAR4}|'\\d{2}))${NO_DIGIT_AFTER}`,
  `(?:${DAYS_WORDS_EN}(?: day)? of ${MONTHS_EN}|${MONTHS_EN} (?:the )?${DAYS_WORDS_EN})(?:,? (?:${YEAR4}|${YEAR_WORDS_EN}))?${END_WORD}`,
  `${MONTHS_EN}\\.?(?:,| of)?[ \\-/]{0,2}(?:${YEAR4}|'\\d{2})${NO_DIGIT_AFTER}`,
  `${MONTHS_EN}\\.? (?:the )?${DAY}(?:st|nd|rd|th)?${NO_DIGIT_AFTER}(?![\\p{L}])`,
  `(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)(?: (?:morning|afternoon|evening|night))?${END_WORD}`,
].map(pattern)
const WORDS_EN_PARTIAL = [
  `(?:early|late|mid)[ \\-](?:${MONTHS_EN}[ ])?${YEAR4}${NO_DIGIT_AFTER}`,
  `(?:spring|summer|fall|autumn|winter)(?: of)?[ ]${YEAR4}${NO_DIGIT_AFTER}`,
  `${MONTHS_EN}${END_WORD}`,
].map(pattern)

/** First letters of the words that begin a date; other words are not tried. */
const BEGINS_DATE =
  /^(?:jan|f[ée]v|feb|mar|av|apr|ma[iy]|ju[inl]|ao|aug|sep|oct|nov|d[ée]c|pr|ving|trent|dix|deux|troi|quat|cinq|six|hui|neuf|onz|dou|tre|quin|sei|mil|fin|mi|d[ée]b|[ée]t[ée]|aut|hiv|ear|lat|mid|spr|sum|fal|win|mon|tue|wed|thu|fri|sat|sun|fir|sec|thi|fou|fif|sev|eig|nin|ten|ele|twe|for|chris|boxi|thank|memo|labo|inde|vete|pres|moth|fath|new|mlk|east)/i

type Attempt = readonly [patterns: readonly RegExp[], certain: boolean]
const AT_NUMBER: Readonly<Record<Language, readonly Attempt[]>> = {
  fr: [
    [FULL, true],
    [PARTIAL, true],
    [IN_ROW_FR, true],
    [[BOXES], true],
    [POSSIBLE, false],
  ],
  en: [
    [[...FULL_EN, ...FULL], true],
    [[...PARTIAL_EN, ...PARTIAL], true],
    [[...POSSIBLE_EN, ...POSSIBLE], false],
  ],
}
const AT_WORD: Readonly<Record<Language, readonly Attempt[]>> = {
  fr: [
    [WORDS_FR, true],
    [WORDS_FR_PARTIAL, false],
  ],
  en: [
    [WORDS_EN, true],
    [WORDS_EN_PARTIAL, false],
    [WORDS_FR, true],
  ],
}

/** @param at where a number begins @returns the longest date of the surest kind, or undefined */
export const dateAtNumber = (text: string, at: number, language: Language): Finding | undefined =>
  longest(text, at, AT_NUMBER[language])

/** @param at where a word begins */
export function dateAtWord(text: string, at: number, language: Language): Finding | undefined {
  return BEGINS_DATE.test(text.slice(at, at + 6)) ? longest(text, at, AT_WORD[language]) : undefined
}

function longest(text: string, at: number, attempts: readonly Attempt[]): Finding | undefined {
  for (const [patterns, certain] of attempts) {
    let end = -1
    for (const one of patterns) end = Math.max(end, endAt(one, text, at))
    if (end > at) return finding(at, end, 'date', certain)
  }
  return undefined
}
