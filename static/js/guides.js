// @ts-check
/** What guides the annotator beside the image: the goal, where to start, the recall meter, exemplars, the self-check. */
import { Exemplars } from "./exemplars.js";
import { GoalChoice } from "./goal_choice.js";
import { InTurn } from "./in_turn.js";
import { NearDuplicates } from "./near_duplicates.js";
import { PanelView } from "./panel_view.js";
import { RecallMeter } from "./recall_meter.js";
import { SelfCheckLine } from "./self_check_line.js";
import { StartPanel } from "./start_panel.js";
import { StrategyChoice } from "./strategy.js";

/** @typedef {import("./session.js").Session} Session */

export class Guides {
  #panel = new PanelView();
  #goal;
  #strategy;
  #meter;
  #exemplars;
  #start;
  #duplicates;
  #selfCheck;
  /** What each action does. @type {Record<string, () => void>} */
  actions = {
    next_goal: () => this.#goal.next(),
    next_strategy: () => this.#strategy.next(),
    exemplars: () => this.#exemplars.toggle(),
    near_duplicates: () => void this.#duplicates.toggle(),
    start: () => this.#start.toggle(),
    meter: () => this.#meter.toggle(),
  };

  /**
   * @param {{api: import("./api.js").Api, notices: import("./notice.js").Notices, config: import("./types.js").Config,
   *   session: Session}} parts
   */
  constructor({ api, notices, config, session }) {
    const onChange = () => session.takeChoice();
    const inTurn = new InTurn();
    this.#goal = new GoalChoice({ api, notices, goals: config.goals, isChosen: config.is_goal_chosen, inTurn, onChange });
    this.#strategy = new StrategyChoice({ api, notices, strategies: config.strategies, inTurn, onChoose: () => this.#goal.leave(), onChange });
    this.#meter = new RecallMeter({ api, notices, panel: this.#panel });
    this.#exemplars = new Exemplars({ api, notices });
    this.#start = new StartPanel({ api, session, notices, panel: this.#panel, onChange });
    this.#duplicates = new NearDuplicates({ api, notices, onChange });
    this.#selfCheck = new SelfCheckLine({ api });
  }

  /** The server has said something: the goal is shown at once, since what it asks must not move what stands under it later. @param {Session} session */
  hear({ server, isOutdated }) {
    if (server && !isOutdated) this.#goal.show(server);
  }

  /** The server has a newer event. @param {number | undefined} seq */
  note(seq) {
    this.#meter.refreshSoon(seq);
  }

  /** Called when the screen is painted. @param {Session} session */
  show({ server, current, isOutdated }) {
    if (server && !isOutdated) this.#strategy.show(server.strategy);
    this.#exemplars.show(current);
    for (const part of [this.#meter, this.#start, this.#duplicates, this.#selfCheck]) part.refreshSoon();
  }

  /** Back to the work. */
  close() {
    this.#panel.show("work");
  }
}
