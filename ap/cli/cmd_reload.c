/* aviso reload: the service takes over the configuration as it is now, and says what it could not.
 */
#include <string.h>

#include "ap/base/json.h"
#include "ap/cli/commands.h"
#include "ap/cli/service.h"

static void print_waiting(struct json_object *answer)
{
    struct json_object *list = NULL;
    size_t n = json_object_object_get_ex(answer, "needs_restart", &list)
                   ? json_object_array_length(list)
                   : 0;

    for (size_t i = 0; i < n; i++)
        (void)printf("%s has changed: it counts from the next start\n",
            json_object_get_string(json_object_array_get_idx(list, i)));
}

int cmd_reload(struct cli *c)
{
    struct json_object *answer = NULL;
    struct err e = ERR_INIT;
    int asked;

    asked = service_reload(&answer, c, false, &e);
    if (asked == 0) {
        (void)err_set(
            &e, ERR_CONFIG, "service.none", "", "no service runs on %s", c->config->spool);
        (void)err_next(&e, "its start reads the configuration as it is then");
    }
    if (asked <= 0)
        return cli_fail(c, NULL, &e);
    if (c->json) {
        cli_json(answer);
        return EXIT_OK;
    }
    if (!c->quiet)
        (void)printf("the service has taken over the configuration\n");
    print_waiting(answer);
    (void)json_object_put(answer);
    return EXIT_OK;
}
