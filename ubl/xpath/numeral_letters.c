/* numeral_letters.c - integers as letters of an alphabet, as Japanese numbers and as numbers in
 * circles and the like (F&O 3.1 §4.6.1): which first character stands for what is Saxon's choice.
 */
#include "ubl/xpath/xpath_priv.h"

/* Alphabets that are not simply the letters from the first one on. (No т in Cyrillic, с twice: as
 * Saxon.) */
static const struct {
    uint32_t first;
    const char *letters;
} alphabets[] = {{0x3B1, "αβγδεζηθικλμνξοπρςστυφχψω"}, {0x391, "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ\xCE\xA2ΣΤΥΦΧΨΩ"},
    {0x430, "абвгдежзиклмнопрссуфхцчшщыэюя"}, {0x410, "АБВГДЕЖЗИКЛМНОПРССУФХЦЧШЩЫЭЮЯ"},
    {0x5D0, "אבגדהוזחטיכלמנסעפצקרשת"},
    {0x3042,
        "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわ"
        "をん"},
    {0x3044,
        "いろはにほへとちりぬるをわかよたれそつねならむうゐのおくやまけふこえてあさきゆめみしゑひ"
        "もせす"},
    {0x30A2,
        "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワ"
        "ヲン"},
    {0x30A4,
        "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒ"
        "モセス"}};

/* Letters without a gap: of any other letter an alphabet begins at it and ends with its run. */
static const uint16_t runs[][2] = {{'A', 'Z'}, {'a', 'z'}, {0xAA, 0xAA}, {0xB5, 0xB5}, {0xBA, 0xBA},
    {0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2C1}, {0x370, 0x374}, {0x376, 0x377}, {0x388, 0x38A},
    {0x38E, 0x3A1}, {0x3A3, 0x3F5}, {0x3F7, 0x481}, {0x48A, 0x52F}, {0x531, 0x556}, {0x560, 0x588},
    {0x5D0, 0x5EA}, {0x620, 0x669}, {0x671, 0x6D3}, {0x904, 0x939}, {0x985, 0x98C}, {0x995, 0x9A8},
    {0xE01, 0xE30}, {0x10A0, 0x10C5}, {0x10D0, 0x10FA}};

/* Numbers in circles, in parentheses, with a dot: from 1 on, a second and third run, zero. */
static const struct {
    uint32_t one, n, second, n_second, third, n_third, zero;
} signs[] = {{0x2460, 20, 0x3251, 15, 0x32B1, 15, 0x24EA}, {0x2474, 20, 0, 0, 0, 0, 0},
    {0x2488, 20, 0, 0, 0, 0, 0x1F100}, {0x24F5, 10, 0, 0, 0, 0, 0},
    {0x2776, 10, 0x24EB, 10, 0, 0, 0x24FF}, {0x2780, 10, 0, 0, 0, 0, 0x1F10B},
    {0x278A, 10, 0, 0, 0, 0, 0x1F10C}, {0x3220, 10, 0, 0, 0, 0, 0}, {0x3280, 10, 0, 0, 0, 0, 0},
    {0x10107, 10, 0, 0, 0, 0, 0}, {0x10E60, 10, 0, 0, 0, 0, 0}, {0x11052, 10, 0, 0, 0, 0, 0},
    {0x1D360, 9, 0, 0, 0, 0, 0}, {0x1F102, 9, 0, 0, 0, 0, 0x1F101}};

static void put_cp(struct buf *b, uint32_t cp)
{
    char t[4];

    buf_add(b, t, ucs_put(cp, t));
}

/* Digits in a system without a zero: after the last letter come two of them. */
static void put_places(struct buf *b, uint64_t v, const uint32_t *letter, uint32_t base)
{
    uint32_t places[64], n = 0;

    if (base == 1) {
        while (v-- && buf_ok(b))
            put_cp(b, letter[0]);
        return;
    }
    for (; v; v = (v - 1) / base)
        places[n++] = (uint32_t)((v - 1) % base);
    while (n)
        put_cp(b, letter[places[--n]]);
}

static uint32_t alphabet_of(uint32_t first, uint32_t letter[XNUMERAL_LETTERS_MAX])
{
    uint32_t n = 0;

    for (size_t i = 0; i < sizeof(alphabets) / sizeof(alphabets[0]); i++) {
        const char *p = alphabets[i].letters, *end = p + strlen(p);
        while (first == alphabets[i].first && p < end && n < XNUMERAL_LETTERS_MAX)
            letter[n++] = ucs_next(&p, end);
    }
    for (size_t i = 0; !n && i < sizeof(runs) / sizeof(runs[0]); i++)
        for (uint32_t c = first; c >= runs[i][0] && c <= runs[i][1] && n < XNUMERAL_LETTERS_MAX;
             c++)
            letter[n++] = c;
    return n;
}

bool xnumeral_is_letter(uint32_t first)
{
    uint32_t letter[XNUMERAL_LETTERS_MAX];

    return first != 'x' && first != 'X' && alphabet_of(first, letter) > 0;
}

/* Alphabets with a name leave zero as it is; others count as no form at all there. */
bool xnumeral_is_named(uint32_t first)
{
    for (size_t i = 0; i < sizeof(alphabets) / sizeof(alphabets[0]); i++)
        if (first == alphabets[i].first)
            return true;
    return first == 'a' || first == 'A' || first == 'i' || first == 'I';
}

void xnumeral_put_letters(struct buf *b, uint64_t v, uint32_t first)
{
    uint32_t letter[XNUMERAL_LETTERS_MAX], n = alphabet_of(first, letter);

    if (n)
        put_places(b, v, letter, n);
}

bool xnumeral_is_sign(uint32_t first)
{
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (signs[i].one == first)
            return true;
    return false;
}

bool xnumeral_put_sign(struct buf *b, uint64_t v, uint32_t first)
{
    size_t i = 0;
    uint32_t cp;

    while (signs[i].one != first)
        i++;
    if (v == 0)
        cp = signs[i].zero;
    else if (v <= signs[i].n)
        cp = first + (uint32_t)v - 1;
    else if (v - signs[i].n <= signs[i].n_second)
        cp = signs[i].second + (uint32_t)v - signs[i].n - 1;
    else if (v - signs[i].n - signs[i].n_second <= signs[i].n_third)
        cp = signs[i].third + (uint32_t)v - signs[i].n - signs[i].n_second - 1;
    else
        cp = 0;
    if (cp)
        put_cp(b, cp);
    return cp != 0;
}

/* Up to 9999: 二千三百十. */
bool xnumeral_put_japanese(struct buf *b, uint64_t v)
{
    static const char *const digits[] = {
        "〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
    static const struct {
        unsigned value;
        const char *name;
    } units[] = {{1000, "千"}, {100, "百"}, {10, "十"}};

    if (v > 9999)
        return false;
    if (v == 0)
        buf_puts(b, digits[0]);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (v < units[i].value)
            continue;
        if (v / units[i].value > 1)
            buf_puts(b, digits[v / units[i].value]);
        buf_puts(b, units[i].name);
        v %= units[i].value;
    }
    if (v)
        buf_puts(b, digits[v]);
    return true;
}
