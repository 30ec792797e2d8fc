#include "ap/cli/service.h"

#include "ap/base/json.h"
#include "ap/control/control.h"

int service_reload(struct json_object **answer, struct cli *c, bool keys_only, struct err *e)
{
    struct json_object *rq, *ok = NULL;
    int asked;

    if (cli_config(c, false, e))
        return -1;
    if (!(rq = json_object_new_object()))
        return err_nomem(e);
    json_add_given(rq, "op", "reload");
    json_add_bool(rq, "keys", keys_only);
    asked = control_ask(answer, c->config->spool, rq, -1, e);
    (void)json_object_put(rq);
    if (asked <= 0)
        return asked;
    if (json_object_object_get_ex(*answer, "ok", &ok) && json_object_get_boolean(ok))
        return 1;
    control_error(e, *answer);
    (void)json_object_put(*answer);
    *answer = NULL;
    return -1;
}
