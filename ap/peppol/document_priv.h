/* document_priv.h - the table of document kinds: where each keeps its parties and ids. */
#ifndef AP_PEPPOL_DOCUMENT_PRIV_H
#define AP_PEPPOL_DOCUMENT_PRIV_H

enum document_layout { LAYOUT_UBL, LAYOUT_CII, LAYOUT_OTHER };

struct document_kind {
    const char *name;
    const char *ns, *local;
    enum document_layout layout;
    const char *version;           /* of the type id when no code list tells */
    const char *sender, *receiver; /* path from below the root to what holds the EndpointID */
    const char *seller;            /* the same for the seller's tax numbers; NULL: none */
    const char *type_code;         /* element with the document's type code; NULL: none */
};

/* Never NULL: an unknown root gets a kind without a name. */
const struct document_kind *document_kind_of(const char *ns, const char *local);

#endif
